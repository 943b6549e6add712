#include "farm/master/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "farm/master/image-lock.h"
#include "farm/master/tree.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

#define LIMIT 3600 /* seconds */
#define MIB   ((uint64_t)1 << 20)

static char *temporary(const char *path)
{
	char *name;

	return asprintf(&name, "%s.new", path) < 0 ? NULL : name;
}

int master_disk_check(const char *path, uint64_t bytes)
{
	AUTO_FREE char *copy = strdup(path);
	struct statvfs fs;
	const char *directory = copy ? dirname(copy) : NULL;
	uint64_t free_bytes;

	if (!directory)
		return cli_error(-ENOMEM, "%s", path);
	if (access(path, F_OK) == 0)
		return -cli_error(EEXIST,
			"%s exists, and is not a disk of a master that xenfarm knows; move it away",
			path);
	if (statvfs(directory, &fs) < 0)
		return cli_error(
			-errno, "%s, the directory of disks (xenfarm.conf: disks)", directory);
	free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (free_bytes < bytes)
		return -cli_error(ENOSPC, "%s has %ju MiB left, and %ju MiB are needed", directory,
			(uintmax_t)(free_bytes / MIB), (uintmax_t)(bytes / MIB));
	return 0;
}

/* The file is complete: put it in its place, where nothing is. */
static int publish(const char *made, const char *path)
{
	AUTO_CLOSE int fd = open(made, O_RDWR | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return cli_error(-errno, "%s", made);
	if (renameat2(AT_FDCWD, made, AT_FDCWD, path, RENAME_NOREPLACE) < 0)
		return cli_error(-errno, "%s", path);
	return 0;
}

/* What is made after it is in the tree: some space must be left for a system to run in. */
static int check_size(const struct master_disk *d)
{
	uint64_t bytes, needed;
	int r = master_tree_size(d->tree, &bytes);

	if (r < 0)
		return cli_error(r, "%s", d->tree);
	needed = (bytes + bytes / 8) / MIB + 128;
	return needed > d->size
		       ? -cli_error(ENOSPC,
				 "the installation needs %ju MiB, with some to spare, and the disk "
				 "would have %u; --disk %ju",
				 (uintmax_t)needed, d->size, (uintmax_t)needed)
		       : 0;
}

int master_disk_make(void *arg)
{
	const struct master_disk *d = arg;
	AUTO_FREE char *made = temporary(d->path);
	char size[16];
	int r = check_size(d);

	snprintf(size, sizeof(size), "%uM", d->size);
	if (r < 0)
		return r;
	if (!made)
		return cli_error(-ENOMEM, "%s", d->path);
	r = master_program_run(
		(const char *[]){ "mke2fs", "-q", "-F", "-t", "ext4", "-U", d->uuid, "-E",
			"lazy_itable_init=1,lazy_journal_init=1,root_owner=0:0", "-d", d->tree,
			made, size, NULL },
		LIMIT);
	if (r == 0)
		return publish(made, d->path);
	unlink(made);
	return -cli_error(EIO, "%s could not be made, see what mke2fs(8) says above", d->path);
}

int master_disk_copy(void *arg)
{
	const struct master_disk *d = arg;
	AUTO_FREE char *made = temporary(d->path);
	AUTO_CLOSE int lock = image_lock(d->source->path, false);
	int r;

	if (lock < 0)
		return lock;
	if (!made)
		return cli_error(-ENOMEM, "%s", d->path);
	r = master_program_run((const char *[]){ "qemu-img", "convert", "-f", d->source->format,
				       "-O", "raw", "--", d->source->path, made, NULL },
		LIMIT);
	if (r == 0)
		return publish(made, d->path);
	unlink(made);
	return -cli_error(EIO, "%s could not be copied to %s, see what qemu-img(1) says above",
		d->source->path, d->path);
}

int master_disk_blank(void *arg)
{
	const struct master_disk *d = arg;
	AUTO_FREE char *made = temporary(d->path);
	AUTO_CLOSE int fd = made ? open(made, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;

	if (fd < 0 || ftruncate(fd, (off_t)(d->size * MIB)) < 0)
		return cli_error(made ? -errno : -ENOMEM, "%s", d->path);
	return publish(made, d->path);
}

static int remove_file(const char *path)
{
	return unlink(path) < 0 && errno != ENOENT ? cli_error(-errno, "%s", path) : 0;
}

int master_disk_sweep(const char *path)
{
	AUTO_FREE char *made = temporary(path), *update = NULL;
	int r;

	if (!made || asprintf(&update, "%s" MASTER_DISK_UPDATE, path) < 0)
		return cli_error(-ENOMEM, "%s", path);
	r = remove_file(made);
	return r == 0 ? remove_file(update) : r;
}

int master_disk_remove(const char *path)
{
	return remove_file(path);
}
