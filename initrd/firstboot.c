#include "initrd/firstboot.h"

#include "initrd/error.h"
#include "initrd/fail.h"
#include "initrd/file.h"
#include "initrd/handover.h"
#include "initrd/hostname.h"
#include "initrd/log.h"
#include "initrd/tools.h"
#include "lib/hex.h"
#include "lib/paths.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK       ROOT_DIR "/.xenfarm-first-boot"
#define HANDED     ROOT_DIR "/" PATH_HANDED_KEYS
#define MACHINE_ID ROOT_DIR "/etc/machine-id"
#define DBUS_ID    ROOT_DIR "/var/lib/dbus/machine-id"
#define PRESETS    "/run/systemd/system-preset"
#define KEYS_LIMIT 600 /* seconds: an emulated machine that makes RSA keys */

/* What machine-id(5) has for a machine that was not booted yet. */
#define UNINITIALIZED "uninitialized"

static bool is_empty(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *d;
	bool empty = dir != NULL;

	while (empty && (d = readdir(dir)))
		empty = !strcmp(d->d_name, ".") || !strcmp(d->d_name, "..") ||
			!strcmp(d->d_name, "lost+found") || !strcmp(d->d_name, PATH_HANDED_KEYS);
	if (dir)
		closedir(dir);
	return empty;
}

bool firstboot_begin(void)
{
	if (access(MARK, F_OK) == 0) {
		log_warn("the first fill of this root was interrupted: starting again");
		return true;
	}
	if (!is_empty(ROOT_DIR))
		return false;
	file_write(MARK, 0600, "Being filled from the share; removed when done.\n");
	sync();
	return true;
}

/* 128 random bits as machine-id(5) has them; /dev/random waits until the kernel's pool is ready. */
static int new_machine_id(char text[static 34])
{
	unsigned char id[16];
	int fd = open("/dev/random", O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	if (fd >= 0) {
		n = read(fd, id, sizeof(id));
		close(fd);
	}
	if (n != sizeof(id))
		return -EIO;
	id[6] = (id[6] & 0x0f) | 0x40; /* a version 4 UUID, as systemd makes it */
	id[8] = (id[8] & 0x3f) | 0x80;
	strcat(hex_text(text, id, sizeof(id)), "\n");
	return 0;
}

static bool has_content(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && st.st_size > 0;
}

static bool is_systemd(const char *path)
{
	static const char name[] = "/systemd";
	size_t n = strlen(path);

	return n >= sizeof(name) && !strcmp(path + n - (sizeof(name) - 1), name);
}

/* The root has no programs yet: the tree's init is looked at, which is a link to systemd or not. */
static bool has_systemd(const struct xf_cmdline *cmdline, const struct mounted_share *share)
{
	const char *init = cmdline->init[0] ? cmdline->init : "/sbin/init";
	char path[sizeof(share->tree) + sizeof(cmdline->init) + 16], target[256];
	ssize_t n;

	snprintf(path, sizeof(path), "%s%s", share->tree, init);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return is_systemd(init);
	target[n] = '\0';
	return is_systemd(target);
}

/*
 * systemd takes a boot for the first one (ConditionFirstBoot=) as long as the file reads
 * "uninitialized". It takes the machine-id from systemd.machine_id= or from D-Bus, and writes it
 * when the first boot is complete: machine-id(5). So a power cut before that changes neither.
 */
static int leave_to_systemd(const struct xf_cmdline *cmdline, const char *text)
{
	int rc = 0;

	if (!cmdline->machine_id[0] && !has_content(DBUS_ID)) {
		rc = file_make_dirs(ROOT_DIR "/var/lib/dbus");
		rc = rc < 0 ? rc : file_write(DBUS_ID, 0444, text);
	}
	return rc < 0 ? rc : file_write(MACHINE_ID, 0444, UNINITIALIZED "\n");
}

static int own_machine_id(const struct xf_cmdline *cmdline, const struct mounted_share *share)
{
	char text[34];
	int rc = 0;

	if (has_content(MACHINE_ID))
		return 0;
	if (cmdline->machine_id[0])
		sprintf(text, "%s\n", cmdline->machine_id);
	else
		rc = new_machine_id(text);
	if (rc == 0 && has_systemd(cmdline, share))
		return leave_to_systemd(cmdline, text);
	return rc < 0 ? rc : file_write(MACHINE_ID, 0444, text);
}

/*
 * In a first boot systemd enables what presets say, all units if they say nothing: those, too, that
 * the master's administrator has disabled. Before systemd 254, which may disable units as well,
 * there is no "ignore", but disabling is left out.
 */
void firstboot_keep_units(void)
{
	char id[64];
	int rc;

	if (file_read(MACHINE_ID, id, sizeof(id)) >= 0 && strcmp(id, UNINITIALIZED) != 0)
		return;
	rc = file_make_dirs(PRESETS);
	if (rc == 0)
		rc = file_write(PRESETS "/00-xenfarm.preset", 0644,
			"# made by xf-init: which units are enabled is the master's to say\n"
			"ignore *\ndisable *\n");
	if (rc < 0)
		log_warn(PRESETS ": %s: systemd may enable units", error_name(rc));
}

/* The fstab of the master names the disk of the master. */
static int own_fstab(const struct xf_cmdline *cmdline, const struct mounted_root *root)
{
	if (cmdline->root == XF_ROOT_TMPFS)
		return 0;
	return file_format(ROOT_DIR "/etc/fstab", 0644,
		"# made by xf-init at this client's first boot; what comes from the share is "
		"mounted before\n"
		"%s%s / %s %s 0 1\n",
		xf_root_prefix(cmdline->root), cmdline->root_value, root->type,
		cmdline->rootflags[0] ? cmdline->rootflags : "defaults");
}

static int take_key(const char *name)
{
	char from[NAME_MAX + sizeof(HANDED) + 1], to[NAME_MAX + sizeof(ROOT_DIR "/etc/ssh/")];

	sprintf(from, HANDED "/%s", name);
	sprintf(to, ROOT_DIR "/etc/ssh/%s", name);
	/* They belong to who made the disk, whoever that was. */
	if (chown(from, 0, 0) < 0 || rename(from, to) < 0)
		return fail_note(-errno, NULL, "%s to %s", from, to);
	return 0;
}

/* Their public halves are known to the server: with others the client would be refused by it. */
static int take_handed_keys(void)
{
	DIR *dir = opendir(HANDED);
	struct dirent *d;
	int rc = 0;

	while (dir && rc == 0 && (d = readdir(dir)))
		if (d->d_name[0] != '.')
			rc = take_key(d->d_name);
	if (dir)
		closedir(dir);
	if (dir && rc == 0)
		rmdir(HANDED);
	return rc;
}

static int own_host_keys(const struct mounted_share *share)
{
	static const char *const argv[] = { "/usr/bin/ssh-keygen", "-A", "-f", TOOLS_TARGET, NULL };
	int status, rc;

	if (access(ROOT_DIR "/etc/ssh", F_OK) < 0)
		return 0;
	rc = take_handed_keys();
	if (rc < 0)
		return rc;
	rc = tools_run(share, KEYS_LIMIT, argv, &status);
	if (rc == 0 && status != 0)
		log_warn("no SSH host keys: ssh-keygen ended with %d", status);
	else if (rc < 0 && rc != -ENOENT)
		log_warn("no SSH host keys: ssh-keygen: %s", error_name(rc));
	return 0;
}

static int own_share_key(void)
{
	if (access(PATH_RUN_KEY, F_OK) < 0)
		return 0;
	file_make_dirs(ROOT_DIR "/" PATH_ETC);
	return file_copy(PATH_RUN_KEY, ROOT_DIR "/" PATH_ETC_KEY);
}

int firstboot_finish(const struct xf_cmdline *cmdline, const struct mounted_share *share,
	const struct mounted_root *root)
{
	int rc = own_machine_id(cmdline, share);

	if (rc == 0)
		rc = hostname_set(ROOT_DIR, cmdline->name);
	if (rc == 0)
		rc = own_fstab(cmdline, root);
	if (rc == 0)
		rc = own_host_keys(share);
	if (rc == 0)
		rc = own_share_key();
	if (rc < 0)
		return fail_note(rc, NULL, "files of a new client in " ROOT_DIR "/etc");
	sync();
	if (unlink(MARK) < 0)
		return fail_note(-errno, NULL, MARK);
	sync();
	return 0;
}
