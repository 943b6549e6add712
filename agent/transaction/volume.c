#include "agent/transaction/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/transaction/inode.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"
#include "lib/paths.h"

#define TRANSACTION "transaction"
#define TRASH       "trash"

bool volumes_add(struct volumes *v, const char *top, bool state)
{
	if (!ARRAY_GROW(v->volume, v->n))
		return false;
	v->volume[v->n] = (struct volume){ .top = strdup(top), .state = state, .dir = -1 };
	return v->volume[v->n++].top != NULL;
}

void volumes_free(struct volumes *v)
{
	for (size_t i = 0; i < v->n; i++) {
		cleanup_close(&v->volume[i].dir);
		free(v->volume[i].top);
	}
	free(v->volume);
	*v = (struct volumes){ 0 };
}

/* --- which ones --- */

/* The mount of fd: two mounts of one file system differ, as for rename(2). */
static int mount_of(int fd, struct statx *stx)
{
	return fd < 0 || statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, stx) < 0 ? -1 : 0;
}

static bool on_same_mount(int a, int b)
{
	struct statx x, y;

	return mount_of(a, &x) == 0 && mount_of(b, &y) == 0 && x.stx_dev_major == y.stx_dev_major &&
	       x.stx_dev_minor == y.stx_dev_minor &&
	       (!(x.stx_mask & STATX_MNT_ID) || x.stx_mnt_id == y.stx_mnt_id);
}

static bool is_below(const char *path, const char *top)
{
	size_t n = strlen(top);

	return n == 0 || (strncmp(path, top, n) == 0 && path[n] == '/');
}

struct volume *volumes_of(const struct volumes *v, bool pending, const char *path)
{
	struct volume *found = NULL;

	for (size_t i = 0; !pending && i < v->n; i++)
		if (is_below(path, v->volume[i].top) &&
			(!found || strlen(v->volume[i].top) > strlen(found->top)))
			found = &v->volume[i];
	return found;
}

static bool add_candidates(struct volumes *v, int root, int state, const struct manifest *local)
{
	if (!volumes_add(v, "", on_same_mount(root, state)))
		return false;
	for (size_t i = 0; local && i < local->n; i++) {
		if (!local->entry[i]->volume)
			continue;
		AUTO_CLOSE int fd =
			fsroot_open(root, local->entry[i]->path, O_PATH | O_DIRECTORY, 0);

		if (!volumes_add(v, local->entry[i]->path, on_same_mount(fd, state)))
			return false;
	}
	return true;
}

int volumes_find(struct volumes *v, int root, int state, const struct manifest *local,
	const struct changes *changes)
{
	struct volumes all = { 0 };
	bool ok = add_candidates(&all, root, state, local);
	AUTO_FREE bool *used = calloc(all.n + 1, sizeof(*used));
	size_t n = 0;

	*v = (struct volumes){ 0 };
	ok = ok && used;
	for (size_t i = 0; ok && i < changes->n; i++) {
		const struct volume *of =
			volumes_of(&all, changes->change[i].pending, changes->change[i].path);

		if (of)
			used[of - all.volume] = true;
	}
	for (size_t i = 0; ok && i < all.n; i++)
		n += used[i] && !all.volume[i].state;
	for (size_t i = 0; ok && n && i < all.n; i++)
		if (used[i] || all.volume[i].state)
			ok = volumes_add(v, all.volume[i].top, all.volume[i].state);
	volumes_free(&all);
	return ok ? 0 : -ENOMEM;
}

/* --- their directories --- */

static int open_top(const struct volume *v, int root)
{
	return fsroot_open(root, v->top, O_RDONLY | O_DIRECTORY, 0);
}

static int open_private(const struct volume *v, int root)
{
	AUTO_CLOSE int top = open_top(v, root);

	return top < 0 ? top : fsroot_open(top, VOLUME_DIR, O_RDONLY | O_DIRECTORY, 0);
}

/* If others may write to the top, they could have made it. */
static bool is_own(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 077) == 0;
}

int volume_make(struct volume *v, int root)
{
	AUTO_CLOSE int top = open_top(v, root), fd = -1;
	int r;

	if (top < 0)
		return top;
	if (mkdirat(top, VOLUME_DIR, 0700) < 0 && errno != EEXIST)
		return -errno;
	r = fd = open_private(v, root);
	if (r == -ENOTDIR || r == -ELOOP || (fd >= 0 && !is_own(fd)))
		return -EPERM;
	r = r < 0 ? r : fsroot_remove(fd, TRANSACTION);
	if (r < 0)
		return r;
	if (mkdirat(fd, TRANSACTION, 0700) < 0)
		return -errno;
	v->dir = openat(fd, TRANSACTION, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return v->dir < 0 ? -errno : 0;
}

void volume_open(struct volume *v, int root)
{
	AUTO_CLOSE int fd = open_private(v, root);

	v->missing = fd < 0 || !is_own(fd);
	if (!v->missing)
		v->dir = openat(fd, TRANSACTION, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void trash_path(char path[static 32], uint32_t serial)
{
	snprintf(path, 32, TRASH "/%u", serial);
}

int volume_keep(const struct volume *v, int root, uint32_t serial)
{
	AUTO_CLOSE int fd = open_private(v, root);
	char path[32];

	if (fd < 0)
		return fd;
	if (mkdirat(fd, TRASH, 0700) < 0 && errno != EEXIST)
		return -errno;
	trash_path(path, serial);
	if (renameat(fd, TRANSACTION, fd, path) < 0 && errno != ENOENT)
		return -errno;
	return syncfs(fd) < 0 ? -errno : 0;
}

int volume_remove(const struct volume *v, int root, uint32_t serial)
{
	AUTO_CLOSE int fd = open_private(v, root);
	char path[32] = TRANSACTION;

	/* If it is not mounted, this is done when something is staged there again. */
	if (fd < 0)
		return 0;
	if (serial)
		trash_path(path, serial);
	return fsroot_remove(fd, path);
}

bool volume_is_private(const char *path, enum manifest_type type)
{
	const char *slash = strrchr(path, '/');

	return type == MANIFEST_DIR && strcmp(slash ? slash + 1 : path, VOLUME_DIR) == 0;
}
