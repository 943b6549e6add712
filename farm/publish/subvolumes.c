#include "farm/publish/subvolumes.h"

#include <blkid/blkid.h>
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"

#define SUBVOLUMES_MAX 64
#define FSTAB_MAX      65536

/* --- fstab --- */

/* Of the root's file system, by its UUID. SUSE writes no other name; a device's name in the machine
 * says nothing here. */
static bool is_uuid(const char *spec, const char *uuid)
{
	static const char tag[] = "UUID=";

	spec += strncmp(spec, tag, strlen(tag)) == 0 ? strlen(tag) : strlen(spec);
	return *spec && strcasecmp(spec, uuid) == 0;
}

static bool take_name(const char *options, char *name, size_t size)
{
	static const char option[] = "subvol=";
	const char *at = options;

	while (at && strncmp(at, option, strlen(option)) != 0) {
		at = strchr(at, ',');
		at = at ? at + 1 : NULL;
	}
	if (!at)
		return false;
	at += strlen(option);
	return (size_t)snprintf(name, size, "%.*s", (int)strcspn(at, ","), at) < size && *name;
}

static bool take_line(char *line, const char *uuid, struct subvolume *out)
{
	char *rest = line, *field[4];

	for (size_t i = 0; i < 4; i++) {
		field[i] = strtok_r(i ? NULL : rest, " \t", &rest);
		if (!field[i])
			return false;
	}
	if (field[0][0] == '#' || strcmp(field[2], "btrfs") != 0 || !is_uuid(field[0], uuid))
		return false;
	if (field[1][0] != '/' || !field[1][1] || strcmp(field[1], "/.snapshots") == 0)
		return false;
	return (size_t)snprintf(out->directory, sizeof(out->directory), "%s", field[1] + 1) <
		       sizeof(out->directory) &&
	       take_name(field[3], out->name, sizeof(out->name));
}

size_t subvolumes_parse(
	const char *fstab, size_t n, const char *uuid, struct subvolume *out, size_t max)
{
	AUTO_FREE char *text = strndup(fstab, n);
	char *rest = text, *line;
	size_t found = 0;

	while (rest && found < max && (line = strsep(&rest, "\n")) != NULL)
		found += take_line(line, uuid, &out[found]);
	return found;
}

/* --- mounts --- */

/* The device that is mounted at path, if its file system is btrfs. */
static bool find_device(const char *path, char *device, size_t size)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	const struct mntent *m;
	bool found = false;

	while (mounts && (m = getmntent(mounts)) != NULL)
		if (strcmp(m->mnt_dir, path) == 0)
			found = strcmp(m->mnt_type, "btrfs") == 0 &&
				(size_t)snprintf(device, size, "%s", m->mnt_fsname) < size;
	if (mounts)
		endmntent(mounts);
	return found;
}

static bool read_uuid(const char *device, char uuid[static 64])
{
	blkid_probe probe = blkid_new_probe_from_filename(device);
	const char *value = NULL;

	if (probe && blkid_do_safeprobe(probe) == 0 &&
		blkid_probe_lookup_value(probe, "UUID", &value, NULL) == 0)
		snprintf(uuid, 64, "%s", value);
	if (probe)
		blkid_free_probe(probe);
	return value != NULL;
}

/* By an fd: the tree's links must not lead a mount out of it. */
static int mount_one(const char *device, int root, const struct subvolume *s, bool writable)
{
	AUTO_CLOSE int on = fsroot_open(root, s->directory, O_PATH | O_DIRECTORY, 0);
	char path[64], options[300];
	unsigned long flags = writable ? 0 : MS_RDONLY | MS_NODEV | MS_NOSUID;

	if (on == -ENOENT || on == -ENOTDIR || on == -ELOOP)
		return 0;
	if (on < 0)
		return cli_error(on, "/%s of the master", s->directory);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", on);
	snprintf(options, sizeof(options), "subvol=%s", s->name);
	return mount(device, path, "btrfs", flags, options) < 0
		       ? cli_error(-errno, "cannot mount the subvolume %s as /%s of the master",
				 s->name, s->directory)
		       : 0;
}

int subvolumes_mount(const char *path, int root, bool writable)
{
	struct subvolume found[SUBVOLUMES_MAX];
	AUTO_BUF struct buf text = { 0 };
	AUTO_CLOSE int fstab = fsroot_open(root, "etc/fstab", O_RDONLY, 0);
	char device[256], uuid[64];
	size_t n;
	int r = 0;

	if (!find_device(path, device, sizeof(device)) || fstab < 0 || !read_uuid(device, uuid))
		return 0;
	r = buf_read(&text, fstab, FSTAB_MAX);
	if (r < 0)
		return cli_error(r, "/etc/fstab of the master");
	n = subvolumes_parse(text.data ? text.data : "", text.size, uuid, found, SUBVOLUMES_MAX);
	for (size_t i = 0; i < n && r == 0; i++)
		r = mount_one(device, root, &found[i], writable);
	return r;
}
