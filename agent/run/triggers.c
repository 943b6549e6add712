/*
 * What follows on the running system. Files that are made from others: when a path that matches a
 * glob was changed, its command is run on this client. Only on the running system: of a root that
 * is being booted, the boot itself makes them anew or they are made at the first reconcile after
 * it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/run/agent.h"
#include "lib/array.h"
#include "lib/cli.h"
#include "lib/publish.h"
#include "lib/spawn.h"

#define MOTD_DIR "/run/motd.d"
#define MOTD     MOTD_DIR "/50-xenfarm"

static const struct derived {
	const char *globs; /* a policy text: what matches is under "hold" */
	const char *argv[4];
	unsigned int limit; /* seconds */
} derived[] = {
	{ "hold etc/ld.so.conf\nhold etc/ld.so.conf.d\n", { "ldconfig" }, 120 },
	{ "hold etc/systemd/system\n", { "systemctl", "daemon-reload" }, 60 },
	{ "hold etc/udev/rules.d\n", { "udevadm", "control", "--reload" }, 30 },
	{ "hold etc/ca-certificates.conf\nhold etc/ca-certificates\n", { "update-ca-certificates" },
		120 },
	{ "hold etc/locale.gen\n", { "locale-gen" }, 300 },
	{ "hold etc/aliases\n", { "newaliases" }, 30 },
	{ "hold etc/sysctl.d\nhold etc/sysctl.conf\n", { "sysctl", "--system" }, 30 },
	{ "hold etc/tmpfiles.d\n", { "systemd-tmpfiles", "--create" }, 60 },
};

static bool has_changed(const struct changes *changes, const struct policies *globs)
{
	for (size_t i = 0; i < changes->n; i++) {
		const struct change *c = &changes->change[i];

		if (!c->deferred && !change_is_offer(c) &&
			policies_find(globs, c->path, false) == POLICY_HOLD)
			return true;
	}
	return false;
}

static bool is_running_system(const struct agent *a)
{
	struct stat root, own;

	return fstat(a->root, &root) == 0 && stat("/", &own) == 0 && root.st_ino == own.st_ino &&
	       root.st_dev == own.st_dev;
}

static void remake(const struct derived *d)
{
	int r = spawn_run(
		&(struct spawn){ .argv = d->argv, .out = -1, .kept = -1, .limit = d->limit });

	if (r == -ENOENT)
		return;
	if (r < 0)
		cli_error(r, "%s", d->argv[0]);
	else if (r > 0)
		cli_error(0, "%s ended with %d: run it again by hand", d->argv[0], r);
}

/* A line for those who log in, by pam_motd(8), as long as something waits for them. */
static void tell_at_login(const struct agent *a)
{
	AUTO_BUF struct buf line = { 0 };

	unlink(MOTD);
	if (a->status.conflicts == 0 || (mkdir(MOTD_DIR, 0755) < 0 && errno != EEXIST))
		return;
	buf_printf(&line, "%u conflicts with the master's changes: see xf-agent conflicts\n",
		a->status.conflicts);
	if (!line.failed)
		publish_file(AT_FDCWD, MOTD, 0644, line.data, line.size);
}

void triggers_run_commands(const struct changes *changes)
{
	for (size_t i = 0; i < ARRAY_SIZE(derived); i++) {
		struct policies *globs = policies_new();
		const char *what;
		unsigned int line;

		if (globs &&
			policies_add(globs, derived[i].globs, strlen(derived[i].globs), &line,
				&what) == 0 &&
			has_changed(changes, globs))
			remake(&derived[i]);
		policies_free(globs);
	}
}

void triggers_run(struct agent *a, const struct changes *changes)
{
	if (!is_running_system(a))
		return;
	tell_at_login(a);
	triggers_run_commands(changes);
}
