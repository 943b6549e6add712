#include "agent/run/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"
#include "lib/manifest/manifest.h"

#define MOUNTINFO_MAX (16u << 20)

struct mounts {
	int root;
	size_t n;
	char **wanted; /* of etc/fstab, below the root */
};

/* --- etc/fstab --- */

static bool is_wanted(const struct mntent *m)
{
	return m->mnt_dir[0] == '/' && m->mnt_dir[1] && strcmp(m->mnt_type, "swap") != 0 &&
	       !hasmntopt(m, "noauto");
}

static bool add_wanted(struct mounts *mounts, const char *path)
{
	char *wanted =
		ARRAY_GROW(mounts->wanted, mounts->n) ? strdup(path + strspn(path, "/")) : NULL;
	size_t n;

	if (!wanted)
		return false;
	n = strlen(wanted);
	while (n && wanted[n - 1] == '/')
		wanted[--n] = '\0';
	mounts->wanted[mounts->n++] = wanted;
	return true;
}

struct mounts *mounts_read(int root)
{
	struct mounts *mounts = calloc(1, sizeof(*mounts));
	int fd = fsroot_open(root, "etc/fstab", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	AUTO_FCLOSE FILE *file = fd < 0 ? NULL : fdopen(fd, "re");
	struct mntent m;
	char line[4096];
	bool ok = mounts != NULL;

	if (mounts)
		mounts->root = root;
	while (ok && file && getmntent_r(file, &m, line, sizeof(line)))
		ok = !is_wanted(&m) || add_wanted(mounts, m.mnt_dir);
	if (ok)
		return mounts;
	mounts_free(mounts);
	return NULL;
}

void mounts_free(struct mounts *mounts)
{
	for (size_t i = 0; mounts && i < mounts->n; i++)
		free(mounts->wanted[i]);
	if (mounts)
		free(mounts->wanted);
	free(mounts);
}

/* --- what is mounted --- */

static int look(int root, const char *path, struct statx *stx)
{
	AUTO_CLOSE int fd = fsroot_open(root, path, O_PATH | O_DIRECTORY, 0);

	if (fd < 0)
		return fd;
	return statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, stx) < 0 ? -errno : 0;
}

const char *mounts_missing(const struct mounts *mounts, const char *path)
{
	for (size_t i = 0; i < mounts->n; i++) {
		const char *wanted = mounts->wanted[i];
		size_t n = strlen(wanted);
		struct statx stx;

		if (strncmp(path, wanted, n) == 0 && path[n] == '/' &&
			(look(mounts->root, wanted, &stx) < 0 ||
				!(stx.stx_attributes & STATX_ATTR_MOUNT_ROOT)))
			return wanted;
	}
	return NULL;
}

/* Virtual and network file systems have no device number. These are local nevertheless. */
static bool is_local_type(unsigned int major, const char *type)
{
	static const char *const local[] = { "tmpfs", "btrfs", "zfs", "bcachefs" };

	for (size_t i = 0; i < ARRAY_SIZE(local); i++)
		if (strcmp(type, local[i]) == 0)
			return true;
	return major != 0 && strncmp(type, "fuse", 4) != 0;
}

bool mounts_is_local(const char *text, unsigned long number)
{
	for (const char *line = text, *end; *line; line = *end ? end + 1 : end) {
		unsigned long id;
		unsigned int major;
		char type[32];
		const char *dash;

		end = strchrnul(line, '\n');
		dash = memmem(line, (size_t)(end - line), " - ", 3);
		if (sscanf(line, "%lu %*u %u:", &id, &major) == 2 && id == number && dash &&
			sscanf(dash, " - %31s", type) == 1)
			return is_local_type(major, type);
	}
	return false;
}

static int is_own_and_local(const struct mounts *mounts, const char *path)
{
	AUTO_CLOSE int fd = fsroot_open(mounts->root, path, O_RDONLY | O_DIRECTORY, 0);
	AUTO_CLOSE int info = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	AUTO_BUF struct buf text = { 0 };
	const char *slash = strrchr(path, '/');
	char parent[MANIFEST_PATH_MAX + 1];
	struct statx at, above;
	struct statvfs fs;
	int r;

	snprintf(parent, sizeof(parent), "%.*s", slash ? (int)(slash - path) : 0, path);
	r = look(mounts->root, parent, &above);
	r = r < 0 ? r : look(mounts->root, path, &at);
	r = r < 0 ? r : info < 0 ? -ENOTSUP : buf_read(&text, info, MOUNTINFO_MAX);
	buf_add(&text, "", 1);
	if (r < 0 || text.failed || fd < 0 || fstatvfs(fd, &fs) < 0)
		return r < 0 ? r : -EIO;
	/* The same file system mounted again: its files are reached by their other names. */
	if (at.stx_dev_major == above.stx_dev_major && at.stx_dev_minor == above.stx_dev_minor)
		return 0;
	return !(fs.f_flag & ST_RDONLY) && at.stx_mask & STATX_MNT_ID &&
	       mounts_is_local(text.data, at.stx_mnt_id);
}

int mounts_enter(const struct mounts *mounts, const char *path, bool mounted)
{
	if (mounted)
		return is_own_and_local(mounts, path);
	for (size_t i = 0; i < mounts->n; i++)
		if (strcmp(mounts->wanted[i], path) == 0)
			return -ENODEV;
	return 1;
}
