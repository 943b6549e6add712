#include "agent/run/triggers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/merge/offers.h"
#include "agent/plan/policy.h"
#include "agent/run/restarts.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/publish.h"
#include "lib/spawn.h"

#define MOTD_DIR "/run/motd.d"
#define MOTD     MOTD_DIR "/50-xenfarm"

/* As Debian's packages leave it for tools and people, and the packages that ask for it. */
#define REBOOT          "/run/reboot-required"
#define REBOOT_TEXT     "*** System restart required ***\n"
#define REBOOT_PACKAGES REBOOT ".pkgs"
#define REBOOT_KERNEL   "linux-image-"

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

/*
 * What packages run when they are installed, and a generation brings without: accounts that are
 * missing, as account entries of the master could not be merged, and files of their own. Units need
 * nothing: that they are enabled is in etc/systemd, which is reconciled.
 */
static const struct derived installed[] = {
	{ NULL, { "systemd-sysusers" }, 60 },
	{ NULL, { "systemd-tmpfiles", "--create" }, 60 },
};

static bool has_changed(const struct journal *made, const struct policies *globs)
{
	for (size_t i = 0; i < made->n; i++) {
		const struct journal_record *record = &made->record[i];

		if (!record->deferred && !offers_is_change(record->pending, record->path) &&
			policies_find(globs, record->path, false) == POLICY_HOLD)
			return true;
	}
	return false;
}

bool triggers_is_running_system(int root)
{
	struct stat given, own;

	return fstat(root, &given) == 0 && stat("/", &own) == 0 && given.st_ino == own.st_ino &&
	       given.st_dev == own.st_dev;
}

static void run_command(const struct derived *d)
{
	int status;
	int r = spawn_run(
		&(struct spawn){ .argv = d->argv, .out = -1, .kept = -1, .limit = d->limit },
		&status);

	if (r == -ENOENT)
		return;
	if (r < 0)
		cli_error(r, "%s", d->argv[0]);
	else if (status > 0)
		cli_error(0, "%s failed with status %d: run it by hand", d->argv[0], status);
}

/* A line for those who log in, by pam_motd(8), as long as there are conflicts. */
static void write_motd(uint32_t conflicts)
{
	AUTO_BUF struct buf line = { 0 };

	unlink(MOTD);
	if (conflicts == 0 || (mkdir(MOTD_DIR, 0755) < 0 && errno != EEXIST))
		return;
	buf_printf(&line, "%u conflicts with the master's changes: see xf-agent conflicts\n",
		conflicts);
	if (!line.failed)
		publish_file(AT_FDCWD, MOTD, 0644, line.data, line.size);
}

/* Nobody but us asks for a reboot. */
static bool is_our_reboot(void)
{
	AUTO_CLOSE int fd = open(REBOOT_PACKAGES, O_RDONLY | O_CLOEXEC);
	AUTO_BUF struct buf text = { 0 };
	const char *end;

	if (fd < 0 || buf_read(&text, fd, 4096) < 0 || text.size < strlen(REBOOT_KERNEL) ||
		memcmp(text.data, REBOOT_KERNEL, strlen(REBOOT_KERNEL)) != 0)
		return false;
	end = memchr(text.data, '\n', text.size);
	return end && end == (const char *)text.data + text.size - 1;
}

void triggers_note_reboot(const struct run *run, const struct run_inputs *in)
{
	AUTO_FREE char *kernel = NULL;
	AUTO_BUF struct buf packages = { 0 };
	AUTO_CLOSE int tree = -1;
	char path[PATH_MAX];

	if (!triggers_is_running_system(run->root))
		return;
	tree = run_open_tree(run, in->current, path);
	kernel = restarts_kernel(tree);
	if (is_our_reboot()) {
		unlink(REBOOT);
		unlink(REBOOT_PACKAGES);
	}
	if (!kernel || access(REBOOT, F_OK) == 0)
		return;
	buf_printf(&packages, REBOOT_KERNEL "%s\n", kernel);
	if (!packages.failed &&
		publish_file(AT_FDCWD, REBOOT_PACKAGES, 0644, packages.data, packages.size) == 0)
		publish_file(AT_FDCWD, REBOOT, 0644, REBOOT_TEXT, strlen(REBOOT_TEXT));
}

void triggers_run_commands(const struct journal *made)
{
	for (size_t i = 0; i < ARRAY_SIZE(installed) && !made->undo && made->from != made->to; i++)
		run_command(&installed[i]);
	for (size_t i = 0; i < ARRAY_SIZE(derived); i++) {
		struct policies *globs = policies_new();
		const char *what;
		unsigned int line;

		if (globs &&
			policies_add(globs, derived[i].globs, strlen(derived[i].globs), &line,
				&what) == 0 &&
			has_changed(made, globs))
			run_command(&derived[i]);
		policies_free(globs);
	}
}

void triggers_run(int root, const struct state_status *status, const struct journal *made)
{
	if (!triggers_is_running_system(root))
		return;
	write_motd(status->conflicts);
	triggers_run_commands(made);
}
