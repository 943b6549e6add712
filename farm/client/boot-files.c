#include "farm/client/boot-files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"
#include "lib/paths.h"
#include "lib/value.h"

/* Not one that a generation can have; removed when the next one is made. */
#define UNFINISHED      ".new"
#define UNFINISHED_LINK ".newlive"

/* --- copies --- */

static int copy_bytes(int from, int to)
{
	struct stat st;
	off_t done = 0;

	if (fstat(from, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	while (done < st.st_size) {
		ssize_t n = sendfile(to, from, NULL, (size_t)(st.st_size - done));

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += n;
	}
	return fsync(to) < 0 ? -errno : 0;
}

/* What a link beside the file names: not more than that directory. An fd, or -errno. */
static int open_linked(int tree, const char *link)
{
	const char *name;
	AUTO_CLOSE int dir = fsroot_parent(tree, link, &name);
	char target[NAME_MAX + 1] = "";
	int fd;

	if (dir < 0)
		return dir;
	if (readlinkat(dir, name, target, sizeof(target) - 1) < 0)
		return -errno;
	if (!*target || strchr(target, '/'))
		return -EINVAL;
	fd = openat(dir, target, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* 0644 whatever the umask: libvirt's user reads it. */
static int copy(int tree, const char *link, int dir, const char *name)
{
	AUTO_CLOSE int in = open_linked(tree, link);
	AUTO_CLOSE int out =
		in < 0 ? -1 : openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (in < 0)
		return in;
	return out < 0 || fchmod(out, 0644) < 0 ? -errno : copy_bytes(in, out);
}

/* The directory of a share's copies, locked against another that makes some; an fd or -errno. */
static int open_copies(const char *boot, const char *uuid)
{
	AUTO_FREE char *path = NULL;
	int fd;

	if (asprintf(&path, "%s/%s", boot, uuid) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	if ((mkdir(boot, 0755) < 0 && errno != EEXIST) ||
		(mkdir(path, 0755) < 0 && errno != EEXIST))
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX) == 0)
		return fd < 0 ? -errno : fd;
	close(fd);
	return -errno;
}

static int fill(int tree, int copies)
{
	AUTO_CLOSE int dir = openat(copies, UNFINISHED, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = dir < 0 || fchmod(dir, 0755) < 0 ? -errno : 0;

	if (r == 0)
		r = copy(tree, PATH_BOOT_KERNEL, dir, "vmlinuz");
	if (r == 0)
		r = copy(tree, PATH_BOOT_INITRD, dir, "initrd");
	return r < 0 ? r : fsync(dir) < 0 ? -errno : 0;
}

/* What a killed one left goes first. */
static int make_in(int copies, int tree, const char *number)
{
	int r = fsroot_remove(copies, UNFINISHED);

	if (r == 0 && mkdirat(copies, UNFINISHED, 0755) < 0)
		r = -errno;
	if (r == 0)
		r = fill(tree, copies);
	if (r == 0 && renameat(copies, UNFINISHED, copies, number) < 0)
		r = -errno;
	if (r < 0)
		fsroot_remove(copies, UNFINISHED);
	return r < 0 ? r : fsync(copies) < 0 ? -errno : 0;
}

static int complain(int r, const char *boot, const struct share_store *share)
{
	return r < 0 ? cli_error(r, "boot files in %s/%s", boot, share->uuid) : 0;
}

/* With its message, as the next two. */
static int make(const char *boot, int copies, const struct share_store *share, uint32_t generation)
{
	AUTO_CLOSE int tree = -1;
	char number[16];

	snprintf(number, sizeof(number), "%u", generation);
	if (faccessat(copies, number, F_OK, 0) == 0)
		return 0;
	tree = share_open_generation(share, generation);
	if (tree < 0)
		return complain(tree, boot, share);
	if (faccessat(tree, PATH_BOOT_KERNEL, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return -cli_error(ENOENT,
			"generation %u of %s cannot be booted: no kernel in boot/ has an initrd; "
			"publish one that has (see xf-mkinitrd(8))",
			generation, share->path);
	return complain(make_in(copies, tree, number), boot, share);
}

static int set_channel(int copies, const char *channel, uint32_t generation)
{
	char number[16], now[16] = "";

	snprintf(number, sizeof(number), "%u", generation);
	if (readlinkat(copies, channel, now, sizeof(now) - 1) > 0 && strcmp(now, number) == 0)
		return 0;
	if (unlinkat(copies, UNFINISHED_LINK, 0) < 0 && errno != ENOENT)
		return -errno;
	if (symlinkat(number, copies, UNFINISHED_LINK) < 0 ||
		renameat(copies, UNFINISHED_LINK, copies, channel) < 0)
		return -errno;
	return fsync(copies) < 0 ? -errno : 0;
}

static int remove_old(int copies, const struct share_store *share)
{
	int fd = openat(copies, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;
	uint32_t number;

	while (dir && r == 0 && (d = readdir(dir)) != NULL)
		if (!value_number(&number, d->d_name) && !share_has(share, number))
			r = fsroot_remove(copies, d->d_name);
	return r;
}

int boot_files_make(const char *boot, const struct share_store *share, uint32_t generation)
{
	AUTO_CLOSE int copies = open_copies(boot, share->uuid);

	return copies < 0 ? complain(copies, boot, share) : make(boot, copies, share, generation);
}

/* The number is read with the copies locked: of two commands, the later one does not bring back
 * what the channel was at before. */
static int update(
	const char *boot, int copies, const struct share_store *share, const char *channel)
{
	uint32_t generation = share_read_number(share, channel_path(channel, "current").text);
	int r;

	if (!generation)
		return -cli_error(ENOENT, "%s: channel %s has no generation", share->path, channel);
	r = make(boot, copies, share, generation);
	if (r == 0)
		r = complain(set_channel(copies, channel, generation), boot, share);
	return r == 0 ? complain(remove_old(copies, share), boot, share) : r;
}

int boot_files_update(const char *boot, const struct share_store *share, const char *channel)
{
	AUTO_CLOSE int copies = open_copies(boot, share->uuid);

	return copies < 0 ? complain(copies, boot, share) : update(boot, copies, share, channel);
}

int boot_files_follow(const char *boot, const struct share_store *share)
{
	int r = 0;

	for (size_t i = 0; i < share->n_channels && r == 0; i++)
		if (boot_files_channel(boot, share->uuid, share->channel[i].name))
			r = boot_files_update(boot, share, share->channel[i].name);
	return r;
}

int boot_files_forget(const char *boot, const struct share_store *share, const char *channel)
{
	AUTO_CLOSE int copies = -1;

	if (!boot_files_channel(boot, share->uuid, channel))
		return 0;
	copies = open_copies(boot, share->uuid);
	if (copies >= 0 && unlinkat(copies, channel, 0) < 0 && errno != ENOENT)
		return complain(-errno, boot, share);
	return copies < 0 ? complain(copies, boot, share) : 0;
}

/* --- what there is --- */

uint32_t boot_files_channel(const char *boot, const char *uuid, const char *channel)
{
	char path[PATH_MAX], number[16] = "";
	uint32_t generation;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s/%s", boot, uuid, channel) >= sizeof(path) ||
		readlink(path, number, sizeof(number) - 1) <= 0)
		return 0;
	return value_number(&generation, number) ? 0 : generation;
}

bool boot_files_exist(const char *boot, const char *uuid, const char *directory)
{
	char path[PATH_MAX];

	return (size_t)snprintf(path, sizeof(path), "%s/%s/%s/initrd", boot, uuid, directory) <
		       sizeof(path) &&
	       access(path, F_OK) == 0;
}
