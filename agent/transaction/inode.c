#include "agent/transaction/inode.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/fsroot.h"
#include "lib/io.h"
#include "lib/treescan-entry.h"

#define BLOCK         4096u
#define PIECE         65536u
#define PROC_PATH_MAX (sizeof("/proc/self/fd/-2147483648/") + NAME_MAX + 1)

int inode_make(int directory, const char *name, const struct manifest_entry *e)
{
	mode_t mode = 0600 | (e->type == MANIFEST_FIFO           ? S_IFIFO
				     : e->type == MANIFEST_CHAR  ? S_IFCHR
				     : e->type == MANIFEST_BLOCK ? S_IFBLK
								 : S_IFREG);
	int r;

	switch (e->type) {
	case MANIFEST_DIR:
		r = mkdirat(directory, name, 0700);
		break;
	case MANIFEST_LINK:
		r = symlinkat(e->link, directory, name);
		break;
	case MANIFEST_FILE:
		r = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		break;
	case MANIFEST_SOCKET:
		return -EINVAL;
	default:
		r = mknodat(directory, name, mode, makedev(e->major, e->minor));
	}
	return r < 0 ? -errno : r;
}

/* --- content --- */

/* Bytes of data that are zero, in whole blocks (or that are not): up to the first block of the
 * other kind. */
static size_t run_length(const char *data, size_t n, bool zero)
{
	size_t at = 0;

	while (at < n) {
		size_t piece = n - at < BLOCK ? n - at : BLOCK;
		bool is_zero = piece == BLOCK && data[at] == 0 &&
			       memcmp(data + at, data + at + 1, BLOCK - 1) == 0;

		if (is_zero != zero)
			break;
		at += piece;
	}
	return at;
}

int inode_write_sparse(int fd, const void *data, size_t n)
{
	const char *at = data, *end = at + n;
	int r = 0;

	while (r == 0 && at < end) {
		size_t hole = run_length(at, (size_t)(end - at), true), full;

		if (hole && lseek(fd, (off_t)hole, SEEK_CUR) < 0)
			return -errno;
		at += hole;
		full = run_length(at, (size_t)(end - at), false);
		r = io_write(fd, at, full);
		at += full;
	}
	return r;
}

/* --- metadata --- */

static const struct manifest_xattr *find_xattr(const struct manifest_entry *e, const char *name)
{
	for (uint32_t i = 0; i < e->nxattrs; i++)
		if (strcmp(e->xattr[i].name, name) == 0)
			return &e->xattr[i];
	return NULL;
}

static bool same_xattr(const struct manifest_xattr *a, const struct manifest_xattr *b)
{
	return a && a->size == b->size && memcmp(a->value, b->value, b->size) == 0;
}

/* fd was opened O_PATH; a link cannot be reached by it, only by its name. */
static int set_xattrs(int fd, int directory, const char *name, const struct manifest_entry *is,
	const struct manifest_entry *e)
{
	bool link = e->type == MANIFEST_LINK;
	char path[PROC_PATH_MAX];

	snprintf(path, sizeof(path), link ? "/proc/self/fd/%d/%s" : "/proc/self/fd/%d",
		link ? directory : fd, name);
	for (uint32_t i = 0; i < is->nxattrs; i++)
		if (!find_xattr(e, is->xattr[i].name) &&
			(link ? lremovexattr : removexattr)(path, is->xattr[i].name) < 0 &&
			errno != ENODATA)
			return -errno;
	for (uint32_t i = 0; i < e->nxattrs; i++) {
		const struct manifest_xattr *x = &e->xattr[i];

		if (!same_xattr(find_xattr(is, x->name), x) &&
			(link ? lsetxattr : setxattr)(path, x->name, x->value, x->size, 0) < 0)
			return -errno;
	}
	return 0;
}

/* By fd it is this one inode, whatever happens to its name. */
static int set_owner_and_mode(int fd, const struct manifest_entry *is,
	const struct manifest_entry *e, const struct ids *owners)
{
	uint32_t uid = ids_uid(owners, e->uname, e->uid), gid = ids_gid(owners, e->gname, e->gid);
	bool chowned = uid != is->uid || gid != is->gid;
	char self[PROC_PATH_MAX];

	if (chowned && fchownat(fd, "", uid, gid, AT_EMPTY_PATH) < 0)
		return -errno;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (e->type != MANIFEST_LINK && (chowned || e->mode != is->mode) &&
		chmod(self, e->mode) < 0)
		return -errno;
	return 0;
}

static struct treescan_examiner *examiner(void)
{
	static struct treescan_examiner *one; /* its buffers are large, and used by one thread */

	if (!one)
		one = calloc(1, sizeof(*one));
	return one;
}

/* What name in directory is, without its content. */
static int look(
	int directory, const char *name, struct manifest_entry *e, struct statcache_key *key)
{
	struct treescan_examiner *x = examiner();
	int r;

	if (!x)
		return -ENOMEM;
	e->path = "";
	r = treescan_examine(x, directory, name, e, key);
	return r < 0 ? r : -e->error;
}

int inode_set_metadata(int directory, const char *name, const struct manifest_entry *e,
	const struct ids *owners, bool with_time)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, e->mtime };
	AUTO_CLOSE int fd = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct manifest_entry is;
	struct statcache_key key;
	struct stat st;
	int r = fd < 0 ? -errno : look(directory, name, &is, &key);

	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0 || st.st_ino != key.ino || st.st_dev != key.dev ||
		is.type != e->type)
		return -EBUSY;
	r = set_owner_and_mode(fd, &is, e, owners);
	/* chown(2) removes capabilities, which may have to be set again. */
	if (r == 0 && (is.nxattrs || e->nxattrs))
		r = look(directory, name, &is, &key);
	if (r == 0 && (is.nxattrs || e->nxattrs))
		r = set_xattrs(fd, directory, name, &is, e);
	if (r == 0 && with_time && utimensat(directory, name, times, AT_SYMLINK_NOFOLLOW) < 0)
		r = -errno;
	return r;
}

bool inode_has_metadata(int directory, const char *name, const struct manifest_entry *e)
{
	struct manifest_entry is;
	struct statcache_key key;

	return look(directory, name, &is, &key) == 0 && is.type == e->type && is.mode == e->mode &&
	       is.uid == e->uid && is.gid == e->gid;
}

int inode_finish_metadata(int directory, const char *name, const struct manifest_entry *before,
	const struct manifest_entry *after)
{
	struct manifest_entry is;
	struct statcache_key key;
	int r = look(directory, name, &is, &key);

	if (r < 0)
		return r;
	if (is.type != after->type || (is.uid != before->uid && is.uid != after->uid) ||
		(is.gid != before->gid && is.gid != after->gid) ||
		(is.mode != before->mode && is.mode != after->mode &&
			is.mode != (before->mode & ~06000u)))
		return -EBUSY;
	return inode_set_metadata(directory, name, after, NULL, false);
}

/* --- hard links --- */

static int copy_bytes(int from, int to)
{
	AUTO_FREE char *piece = malloc(PIECE);
	ssize_t n = 1;
	off_t size = 0;
	int r = piece ? 0 : -ENOMEM;

	while (r == 0 && (n = read(from, piece, PIECE)) > 0) {
		size += n;
		r = inode_write_sparse(to, piece, (size_t)n);
	}
	if (n < 0)
		return -errno;
	return r < 0 ? r : ftruncate(to, size) < 0 || fsync(to) < 0 ? -errno : 0;
}

int inode_unshare(int directory, const char *name, const struct manifest_entry *e)
{
	static const char copy[] = "copy";
	AUTO_CLOSE int from =
		openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	AUTO_CLOSE int to = -1;
	struct stat st;
	int r;

	if (e->type != MANIFEST_FILE || (from < 0 && errno == ENOENT))
		return 0;
	if (from < 0 || fstat(from, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_nlink == 1)
		return 0;
	r = fsroot_remove(directory, copy);
	r = r < 0 ? r : (to = inode_make(directory, copy, e));
	r = r < 0 ? r : copy_bytes(from, to);
	r = r < 0 ? r : inode_set_metadata(directory, copy, e, NULL, true);
	if (r == 0 && renameat(directory, copy, directory, name) < 0)
		r = -errno;
	if (r < 0)
		fsroot_remove(directory, copy);
	return r;
}

/* --- comparing --- */

static int same_bytes(int directory, const char *name, const struct manifest_entry *e)
{
	AUTO_CLOSE int fd =
		openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct digester *digester;
	struct digest digest;
	uint64_t size;
	int r = fd < 0 ? -errno : digester_new(DIGEST_SHA256, &digester);

	if (r < 0)
		return r;
	r = digester_fd(digester, fd, &digest, &size);
	digester_free(digester);
	if (r < 0)
		return r;
	return size == e->size && memcmp(digest.sha256, e->digest.sha256, 32) == 0;
}

int inode_matches(
	int directory, const char *name, const struct manifest_entry *e, unsigned int parts)
{
	struct manifest_entry is;
	struct statcache_key key;
	int r = look(directory, name, &is, &key);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (is.type != e->type)
		return 0;
	if (parts & INODE_MODE && ((is.mode != e->mode && is.type != MANIFEST_LINK) ||
					  is.uid != e->uid || is.gid != e->gid))
		return 0;
	if (!(parts & INODE_CONTENT) || is.type == MANIFEST_DIR)
		return 1;
	if (is.type == MANIFEST_FILE)
		return is.size == e->size ? same_bytes(directory, name, e) : 0;
	if (is.type == MANIFEST_LINK)
		return strcmp(is.link, e->link) == 0;
	return is.major == e->major && is.minor == e->minor;
}

bool inode_is_written(int directory, const char *name)
{
	AUTO_CLOSE int fd =
		openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return false;
	/*
	 * A process that opens it for writing now breaks the lease: SIGIO would kill us, SIGURG
	 * does not.
	 */
	fcntl(fd, F_SETSIG, SIGURG);
	if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
		fcntl(fd, F_SETLEASE, F_UNLCK);
		return false;
	}
	/* Anything else: this file system has no leases. */
	return errno == EAGAIN;
}
