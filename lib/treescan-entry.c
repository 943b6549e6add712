#include "lib/treescan-entry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Attributes by which a file system shows its own workings: they are not the file's, and cannot be
 * set. */
static const char *const foreign[] = { "system.nfs4_", "trusted.overlay.", "user.overlay." };

static bool is_foreign(const char *name)
{
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
		if (strncmp(name, foreign[i], strlen(foreign[i])) == 0)
			return true;
	return false;
}

static int by_name(const void *a, const void *b)
{
	const struct manifest_xattr *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Append the value to x->values; its place there, as values moves while it grows. -ENODATA: it is
 * gone. */
static int read_value(struct treescan_examiner *x, const char *path, struct manifest_xattr *xattr)
{
	char *room = buf_room(&x->values, MANIFEST_XATTR_MAX);
	ssize_t n;

	if (!room)
		return -ENOMEM;
	n = lgetxattr(path, xattr->name, room, MANIFEST_XATTR_MAX);
	if (n < 0)
		return -errno;
	xattr->size = (size_t)n;
	x->values.size += (size_t)n;
	return 0;
}

/*
 * By way of /proc, as no system call reads attributes relative to a directory (before Linux 6.13),
 * and neither a device nor a symbolic link can be opened to ask it.
 */
static int read_xattrs(struct treescan_examiner *x, const char *path, struct manifest_entry *e)
{
	ssize_t size = llistxattr(path, x->names, sizeof(x->names));
	uint32_t n = 0;
	size_t at = 0;
	int r;

	if (size < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	x->values.size = 0;
	for (char *name = x->names; name < x->names + size; name += strlen(name) + 1) {
		if (is_foreign(name))
			continue;
		if (n == MANIFEST_XATTRS_MAX)
			return -E2BIG;
		x->xattr[n].name = name;
		r = read_value(x, path, &x->xattr[n]);
		if (r == 0)
			n++;
		else if (r != -ENODATA)
			return r;
	}
	for (uint32_t i = 0; i < n; i++) {
		x->xattr[i].value = x->values.data + at;
		at += x->xattr[i].size;
	}
	qsort(x->xattr, n, sizeof(x->xattr[0]), by_name);
	e->xattr = x->xattr;
	e->nxattrs = n;
	return 0;
}

static int read_link(
	struct treescan_examiner *x, int directory, const char *name, struct manifest_entry *e)
{
	ssize_t n = readlinkat(directory, name, x->link, sizeof(x->link));

	if (n < 0)
		return -errno;
	if (n > MANIFEST_PATH_MAX)
		return -ENAMETOOLONG;
	x->link[n] = '\0';
	e->link = x->link;
	return 0;
}

static enum manifest_type type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return MANIFEST_DIR;
	case S_IFLNK:
		return MANIFEST_LINK;
	case S_IFCHR:
		return MANIFEST_CHAR;
	case S_IFBLK:
		return MANIFEST_BLOCK;
	case S_IFIFO:
		return MANIFEST_FIFO;
	case S_IFSOCK:
		return MANIFEST_SOCKET;
	default:
		return MANIFEST_FILE;
	}
}

static int64_t nanoseconds(struct statx_timestamp t)
{
	return t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct statcache_key key_of(const struct statx *stx)
{
	return (struct statcache_key){
		.dev = makedev(stx->stx_dev_major, stx->stx_dev_minor),
		.ino = stx->stx_ino,
		.size = stx->stx_size,
		.mtime = nanoseconds(stx->stx_mtime),
		.ctime = nanoseconds(stx->stx_ctime),
	};
}

static void take_stat(const struct ids *ids, const struct statx *stx, struct manifest_entry *e)
{
	e->type = type_of(stx->stx_mode);
	e->mode = stx->stx_mode & 07777;
	e->uid = stx->stx_uid;
	e->gid = stx->stx_gid;
	e->uname = ids_user(ids, e->uid);
	e->gname = ids_group(ids, e->gid);
	e->mtime.tv_sec = stx->stx_mtime.tv_sec;
	e->mtime.tv_nsec = stx->stx_mtime.tv_nsec;
	e->mountpoint = stx->stx_attributes & STATX_ATTR_MOUNT_ROOT;
	if (e->type == MANIFEST_FILE)
		e->size = stx->stx_size;
	if (e->type == MANIFEST_CHAR || e->type == MANIFEST_BLOCK) {
		e->major = stx->stx_rdev_major;
		e->minor = stx->stx_rdev_minor;
	}
}

/* As much of it as is asked for here. */
static struct statx statx_of(const struct stat *st)
{
	return (struct statx){
		.stx_mode = (uint16_t)st->st_mode,
		.stx_uid = st->st_uid,
		.stx_gid = st->st_gid,
		.stx_ino = st->st_ino,
		.stx_size = (uint64_t)st->st_size,
		.stx_dev_major = major(st->st_dev),
		.stx_dev_minor = minor(st->st_dev),
		.stx_rdev_major = major(st->st_rdev),
		.stx_rdev_minor = minor(st->st_rdev),
		.stx_mtime = { st->st_mtim.tv_sec, (uint32_t)st->st_mtim.tv_nsec },
		.stx_ctime = { st->st_ctim.tv_sec, (uint32_t)st->st_ctim.tv_nsec },
	};
}

static int examine_rest(struct treescan_examiner *x, int directory, const char *name,
	const struct statx *stx, struct manifest_entry *e, struct statcache_key *key)
{
	char path[sizeof("/proc/self/fd/-2147483648/") + NAME_MAX + 1];
	int r = 0;

	take_stat(x->ids, stx, e);
	*key = key_of(stx);
	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", directory, name);
	if (e->type == MANIFEST_LINK)
		r = read_link(x, directory, name, e);
	if (r == 0)
		r = read_xattrs(x, path, e);
	e->error = -r;
	return r == -ENOENT ? r : 0;
}

int treescan_examine(struct treescan_examiner *x, int directory, const char *name,
	struct manifest_entry *e, struct statcache_key *key)
{
	struct statx stx;

	*e = (struct manifest_entry){ .path = e->path, .nlink = 1 };
	if (statx(directory, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH,
		    STATX_BASIC_STATS, &stx) < 0) {
		e->error = errno;
		return errno == ENOENT ? -ENOENT : 0;
	}
	return examine_rest(x, directory, name, &stx, e, key);
}

int treescan_examine_walked(struct treescan_examiner *x, int directory, const char *name,
	const struct stat *st, struct manifest_entry *e, struct statcache_key *key)
{
	const struct statx stx = statx_of(st);

	*e = (struct manifest_entry){ .path = e->path, .nlink = 1 };
	return examine_rest(x, directory, name, &stx, e, key);
}

int treescan_key(int fd, struct statcache_key *key)
{
	struct statx stx;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stx) < 0)
		return -errno;
	*key = key_of(&stx);
	return 0;
}
