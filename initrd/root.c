#include "initrd/root.h"

#include "initrd/clock.h"
#include "initrd/fail.h"
#include "initrd/file.h"
#include "initrd/log.h"
#include "initrd/modules.h"
#include "initrd/superblock.h"
#include "initrd/tools.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_DIR    "/sys/class/block"
#define DEVICE_LIMIT 30000 /* ms without rootwait */
#define LOOK_EVERY   50    /* ms */
#define FSCK_LIMIT   3600  /* seconds: a large file system that was not left clean takes its time */

#ifndef MS_RELATIME /* klibc's <sys/mount.h> lacks it */
#define MS_RELATIME (1 << 21)
#endif

static uint8_t bytes[SUPERBLOCK_BYTES];

static size_t read_device(const char *name)
{
	char path[128];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/dev/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, bytes, sizeof(bytes));
		close(fd);
	}
	return n < 0 ? 0 : n;
}

static unsigned long read_number(const char *fmt, const char *name)
{
	char path[160], text[32];

	snprintf(path, sizeof(path), fmt, name);
	return file_read(path, text, sizeof(text)) > 0 ? strtoul(text, NULL, 10) : 0;
}

/* Does the partition's disk list it under that PARTUUID? The disk is the parent in sysfs. */
static bool has_partuuid(const char *name, const char *wanted)
{
	char link[256], uuid[SUPERBLOCK_UUID_TEXT], *disk, *end;
	unsigned long number = read_number(BLOCK_DIR "/%s/partition", name), sector;
	char path[128];
	ssize_t n;

	snprintf(path, sizeof(path), BLOCK_DIR "/%s", name);
	n = readlink(path, link, sizeof(link) - 1);
	if (n <= 0 || number == 0)
		return false;
	link[n] = '\0';
	end = strrchr(link, '/'); /* ../../devices/…/vda/vda1 */
	if (!end)
		return false;
	*end = '\0';
	disk = strrchr(link, '/');
	if (!disk)
		return false;
	sector = read_number(BLOCK_DIR "/%s/queue/logical_block_size", disk + 1);
	n = read_device(disk + 1);
	return superblock_partition_uuid(bytes, n, sector, number, uuid) == 0 &&
	       !strcasecmp(uuid, wanted);
}

static bool is_wanted(const struct xf_cmdline *cmdline, const char *name)
{
	struct superblock sb;

	if (cmdline->root == XF_ROOT_PARTUUID)
		return has_partuuid(name, cmdline->root_value);
	if (superblock_parse(bytes, read_device(name), &sb) < 0)
		return false;
	if (cmdline->root == XF_ROOT_UUID)
		return !strcasecmp(sb.uuid, cmdline->root_value);
	return !strcmp(sb.label, cmdline->root_value);
}

/* Two disks with one name are a mistake: it is logged, and the first one found is taken. */
static bool search(const struct xf_cmdline *cmdline, struct mounted_root *root)
{
	DIR *dir = opendir(BLOCK_DIR);
	struct dirent *d;
	bool found = false;

	while (dir && (d = readdir(dir))) {
		if (d->d_name[0] == '.' || !is_wanted(cmdline, d->d_name))
			continue;
		if (found) {
			log_warn("/dev/%s has the same root=…%s as %s: taking %s", d->d_name,
				cmdline->root_value, root->device, root->device);
			continue;
		}
		snprintf(root->device, sizeof(root->device), "/dev/%s", d->d_name);
		found = true;
	}
	if (dir)
		closedir(dir);
	return found;
}

static bool find(const struct xf_cmdline *cmdline, struct mounted_root *root)
{
	struct stat st;

	if (cmdline->root != XF_ROOT_DEVICE)
		return search(cmdline, root);
	snprintf(root->device, sizeof(root->device), "%s", cmdline->root_value);
	return stat(root->device, &st) == 0 && S_ISBLK(st.st_mode);
}

static int wait_for_device(const struct xf_cmdline *cmdline, struct mounted_root *root)
{
	uint64_t start = clock_ms(), said = start;

	while (!find(cmdline, root)) {
		if (!cmdline->rootwait && clock_ms() - start > DEVICE_LIMIT)
			return fail_note(-ENODEV,
				"no such disk; check root= and the disk's driver, or add rootwait",
				"root=%s%s", xf_root_prefix(cmdline->root), cmdline->root_value);
		if (clock_ms() - said > 5000) {
			log_warn("waiting for root=%s%s", xf_root_prefix(cmdline->root),
				cmdline->root_value);
			said = clock_ms();
		}
		usleep(LOOK_EVERY * 1000);
		modules_rescan();
	}
	return 0;
}

/*
 * The exit status is fsck(8)'s: 1 (corrected) and 2 (reboot) are fine for a file system that is not
 * mounted yet; from 4 on a person is needed.
 */
static int check(const struct mounted_share *share, const struct mounted_root *root)
{
	char program[48];
	const char *const argv[] = { program, "-p", root->device, NULL };
	int status, rc;

	snprintf(program, sizeof(program), "/sbin/fsck.%s", root->type);
	log_info("%s was not left clean: %s", root->device, program);
	rc = tools_run(share, FSCK_LIMIT, argv, &status);
	if (rc == -ENOENT) {
		log_warn("the share has no %s: %s is mounted unchecked", program, root->device);
		return 0;
	}
	if (rc == 0 && status < 4)
		return 0;
	return fail_note(rc < 0 ? rc : -EUCLEAN, "run fsck by hand (xffail=shell)", "%s, %s",
		root->device, program);
}

/* rootflags: those that mount(8) makes flags of; the rest is the file system's. */
static const struct {
	const char *name;
	unsigned long flag;
} mount_flags[] = {
	{ "noatime", MS_NOATIME },
	{ "nodiratime", MS_NODIRATIME },
	{ "relatime", MS_RELATIME },
	{ "nodev", MS_NODEV },
	{ "nosuid", MS_NOSUID },
	{ "noexec", MS_NOEXEC },
	{ "sync", MS_SYNCHRONOUS },
	{ "dirsync", MS_DIRSYNC },
	{ "rw", 0 },
	{ "ro", 0 },
	{ "defaults", 0 },
};

static bool take_flag(const char *word, size_t n, unsigned long *flags)
{
	for (unsigned int i = 0; i < sizeof(mount_flags) / sizeof(mount_flags[0]); i++) {
		if (strlen(mount_flags[i].name) != n || memcmp(mount_flags[i].name, word, n) != 0)
			continue;
		*flags |= mount_flags[i].flag;
		return true;
	}
	return false;
}

/* Split options into flags and data; data has room for all of them. */
static void split_options(const char *options, unsigned long *flags, char *data)
{
	char *out = data;

	for (const char *p = options; *p; p += *p == ',') {
		size_t n = strcspn(p, ",");

		if (n && !take_flag(p, n, flags)) {
			if (out > data)
				*out++ = ',';
			memcpy(out, p, n);
			out += n;
		}
		p += n;
	}
	*out = '\0';
}

static int mount_types(
	const struct xf_cmdline *cmdline, struct mounted_root *root, const char *types)
{
	char data[XF_WORD_MAX];
	int rc = -ENODEV;

	split_options(cmdline->rootflags, &root->flags, data);
	for (const char *p = types; *p; p += *p == ',') {
		size_t n = strcspn(p, ",");

		snprintf(root->type, sizeof(root->type), "%.*s", (int)n, p);
		if (mount(root->device, ROOT_DIR, root->type, root->flags, data) == 0)
			return 0;
		rc = -errno;
		p += n;
	}
	return fail_note(rc, rc == -EINVAL ? "check rootfstype= and rootflags=" : NULL,
		"mount %s, type %s", root->device, types);
}

static int mount_tmpfs(const struct xf_cmdline *cmdline, struct mounted_root *root)
{
	char data[XF_WORD_MAX + 16];

	strcpy(root->device, "tmpfs");
	strcpy(root->type, "tmpfs");
	snprintf(data, sizeof(data), "mode=755%s%s", cmdline->root_value[0] ? "," : "",
		cmdline->root_value);
	if (mount("tmpfs", ROOT_DIR, "tmpfs", 0, data) < 0)
		return fail_note(
			-errno, "check the options after root=tmpfs", "mount tmpfs, %s", data);
	return 0;
}

int root_mount(const struct xf_cmdline *cmdline, const struct mounted_share *share,
	struct mounted_root *root)
{
	struct superblock sb;
	const char *types = cmdline->rootfstype;
	int rc;

	root->flags = 0;
	if (cmdline->root == XF_ROOT_TMPFS)
		return mount_tmpfs(cmdline, root);
	if (cmdline->root == XF_ROOT_NONE)
		return fail_note(
			-EINVAL, "root=DEVICE, UUID=…, LABEL=…, PARTUUID=… or tmpfs", "no root=");
	rc = wait_for_device(cmdline, root);
	if (rc < 0)
		return rc;
	if (superblock_parse(bytes, read_device(root->device + strlen("/dev/")), &sb) == 0) {
		if (!types[0])
			types = sb.type;
		snprintf(root->type, sizeof(root->type), "%s", sb.type);
		if (!sb.clean && (rc = check(share, root)) < 0)
			return rc;
	}
	if (!types[0])
		return fail_note(-ENODATA,
			"make one (mkfs.ext4), or give rootfstype=", "%s has no known file system",
			root->device);
	return mount_types(cmdline, root, types);
}

int root_finish(const struct xf_cmdline *cmdline, const struct mounted_root *root)
{
	/* No fstab names a root in memory, so nothing would make it writeable again. */
	if (cmdline->root_rw || cmdline->root == XF_ROOT_TMPFS)
		return 0;
	if (mount(NULL, ROOT_DIR, NULL, MS_REMOUNT | MS_RDONLY | root->flags, NULL) < 0)
		return fail_note(-errno, NULL, "remount %s read-only", root->device);
	return 0;
}
