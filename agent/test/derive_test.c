/* Which commands follow from which paths; what is run is noted, and not run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/run/triggers.h"
#include "lib/spawn.h"

static char ran[256];
static int result;

int __wrap_spawn_run(const struct spawn *spawn, int *status);

/* In the place of lib/spawn.c's, by the linker. */
int __wrap_spawn_run(const struct spawn *spawn, int *status)
{
	size_t n = strlen(ran);

	snprintf(ran + n, sizeof(ran) - n, "%s ", spawn->argv[0]);
	/* Each is bounded, and by less than what a timer's next run would wait for. */
	assert_in_range(spawn->limit, 1, 600);
	assert_false(spawn->interactive);
	assert_int_equal(spawn->out, -1);
	*status = 0;
	return result;
}

static const struct row {
	const char *path, *commands;
} rows[] = {
	{ "etc/fstab", "" },
	{ "etc/ld.so.conf", "ldconfig " },
	{ "etc/ld.so.conf.d/x.conf", "ldconfig " },
	{ "etc/systemd/system/x.service", "systemctl " },
	{ "etc/udev/rules.d/1.rules", "udevadm " },
	{ "etc/ca-certificates.conf", "update-ca-certificates " },
	{ "etc/locale.gen", "locale-gen " },
	{ "etc/aliases", "newaliases " },
	{ "etc/sysctl.d/x.conf", "sysctl " },
	{ "etc/tmpfiles.d/x.conf", "systemd-tmpfiles " },
};

static void derive_one(struct journal_record *record)
{
	const struct journal made = { .record = record, .n = 1 };

	ran[0] = '\0';
	triggers_run_commands(&made);
}

static void commands(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		derive_one(&(struct journal_record){ .path = rows[i].path });
		assert_string_equal(ran, rows[i].commands);
	}
}

static void once_for_all(void **state)
{
	struct journal_record record[] = { { .path = "etc/ld.so.conf" },
		{ .path = "etc/ld.so.conf.d/x" }, { .path = "etc/locale.gen" } };
	const struct journal made = { .record = record, .n = 3 };

	(void)state;
	ran[0] = '\0';
	triggers_run_commands(&made);
	assert_string_equal(ran, "ldconfig locale-gen ");
}

static void what_was_not_made(void **state)
{
	(void)state;
	derive_one(&(struct journal_record){ .path = "etc/locale.gen", .deferred = true });
	assert_string_equal(ran, "");
	/* Offers, beside their files and in pending. */
	derive_one(&(struct journal_record){ .path = "etc/ca-certificates/x.crt.xennew" });
	assert_string_equal(ran, "");
	derive_one(&(struct journal_record){ .path = "etc/sysctl.d/x.conf", .pending = true });
	assert_string_equal(ran, "");
}

/* What packages run when they are installed, once for each generation. */
static void generations(void **state)
{
	struct journal_record record = { .path = "etc/locale.gen" };
	struct journal made = { .record = &record, .n = 1, .from = 3, .to = 4 };

	(void)state;
	ran[0] = '\0';
	triggers_run_commands(&made);
	assert_string_equal(ran, "systemd-sysusers systemd-tmpfiles locale-gen ");
	made.undo = true;
	ran[0] = '\0';
	triggers_run_commands(&made);
	assert_string_equal(ran, "locale-gen ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands),
		cmocka_unit_test(once_for_all),
		cmocka_unit_test(what_was_not_made),
		cmocka_unit_test(generations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
