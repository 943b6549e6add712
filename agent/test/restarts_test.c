/* restarts: which unit a process belongs to, and what a tool that reads needrestart's output gets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include <cmocka.h>

#include "agent/run/restarts.h"
#include "lib/array.h"

static void test_unit(void **state)
{
	static const struct {
		const char *line, *name, *user;
	} cases[] = {
		{ "0::/system.slice/ssh.service\n", "ssh.service", NULL },
		{ "0::/system.slice/system-getty.slice/getty@tty1.service\n", "getty@tty1.service",
			NULL },
		{ "0::/user.slice/user-1000.slice/session-3.scope\n", "session-3.scope",
			"1000.slice" },
		{ "0::/user.slice/user-0.slice/user@0.service/app.slice/dbus.service\n",
			"dbus.service", "0.slice" },
		{ "0::/init.scope\n", "init.scope", NULL },
		{ "0::/\n", NULL, NULL },
		{ "0::/docker/0123\n", NULL, NULL },
		{ "", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char line[256];
		struct restarts_unit unit;

		strcpy(line, cases[i].line);
		assert_int_equal(restarts_parse_unit(line, &unit), cases[i].name != NULL);
		if (cases[i].name)
			assert_string_equal(unit.name, cases[i].name);
		if (cases[i].user)
			assert_string_equal(unit.user, cases[i].user);
		else if (cases[i].name)
			assert_null(unit.user);
	}
}

static void test_in_tree(void **state)
{
	static const struct {
		const char *path, *in;
	} cases[] = {
		{ "/usr/bin/ssh", "usr/bin/ssh" },
		{ "/mroot/live/opt/app", "opt/app" },
		{ "/mroot/gen/12/opt/app", "opt/app" },
		{ "/mroot/channel/canary/live/opt/live/app", "opt/live/app" },
		{ "/mrooted/live/app", "mrooted/live/app" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(restarts_in_tree(cases[i].path), cases[i].in);
}

static void expect(struct restarts *s, const char *expected, int state)
{
	AUTO_BUF struct buf out = { 0 };
	struct utsname running;
	char all[1024];

	uname(&running);
	snprintf(all, sizeof(all),
		"NEEDRESTART-VER: xf-agent " XF_VERSION "\nNEEDRESTART-KCUR: %s\n"
		"NEEDRESTART-KEXP: %s\nNEEDRESTART-KSTA: %d\n%s",
		running.release, s->kernel ? s->kernel : running.release, state, expected);
	restarts_batch(s, &out);
	buf_add(&out, "", 1);
	assert_string_equal(out.data, all);
}

#define USER(pid, unit, is_unit, uid, file)                   \
	{                                                     \
		pid, (char[]){ unit }, is_unit, uid, (char[]) \
		{                                             \
			file                                  \
		}                                             \
	}

static void test_batch(void **state)
{
	struct restarts_user users[] = {
		USER(71, "dbus.service", true, -1, "/lib/a"),
		USER(72, "dbus.service", true, 0, "/lib/a"),
		USER(73, "my\033sleep", false, -1, "/bin/sleep"),
		USER(75, "my\033sleep", false, -1, "/bin/sleep"),
		USER(76, "pipewire.service", true, 0, "/lib/a"),
		USER(77, "session-3.scope", true, 0, "/lib/a"),
		USER(78, "session-3.scope", true, 0, "/lib/b"),
		USER(79, "session-c4.scope", true, 0, "/lib/b"),
		USER(80, "ssh.service", true, -1, "/lib/b"),
		USER(81, "ssh.service", true, -1, "/lib/b"),
		USER(82, "ssh.service", true, 4000000000, "/lib/b"),
	};
	struct restarts s = { users, ARRAY_SIZE(users), NULL };

	(void)state;
	expect(&s,
		"NEEDRESTART-SVC: dbus.service\n"
		"NEEDRESTART-SESS: root @ user manager service\n"
		"NEEDRESTART-PID: my?sleep=73,75\n"
		"NEEDRESTART-SESS: root @ session #3\n"
		"NEEDRESTART-SESS: root @ session #c4\n"
		"NEEDRESTART-SVC: ssh.service\n"
		"NEEDRESTART-SESS: ? @ user manager service\n",
		1);
}

static void test_batch_kernel(void **state)
{
	struct restarts s = { .kernel = (char[]){ "99.1" } };

	(void)state;
	expect(&s, "", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unit),
		cmocka_unit_test(test_in_tree),
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_batch_kernel),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
