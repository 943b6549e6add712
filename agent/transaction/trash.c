#include "agent/transaction/trash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/transaction/inode.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"

#define KEEP_RECORDS 8 /* transactions that can be rolled back */

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

int trash_list(int state, uint32_t **serial, size_t *n)
{
	int fd = openat(state, "trash", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	*serial = NULL;
	*n = 0;
	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((d = readdir(dir))) {
		uint32_t number = (uint32_t)strtoul(d->d_name, NULL, 10);

		if (number == 0)
			continue;
		if (!ARRAY_GROW(*serial, *n)) {
			free(*serial);
			return -ENOMEM;
		}
		(*serial)[(*n)++] = number;
	}
	if (*n)
		qsort(*serial, *n, sizeof(**serial), by_number);
	return 0;
}

static int fsync_at(int dir, const char *path)
{
	AUTO_CLOSE int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

void trash_object(const struct journal *journal, uint32_t serial,
	const struct journal_record *record, char path[static TRASH_OBJECT_MAX])
{
	const struct volume *v = volumes_of(&journal->volumes, record->pending, record->path);
	bool own = v && !v->state;

	snprintf(path, TRASH_OBJECT_MAX, "%s%s%s%strash/%u/%s", own ? "/" : "", own ? v->top : "",
		own && *v->top ? "/" : "", own ? VOLUME_DIR "/" : "", serial,
		journal_number(record->number).text);
}

int trash_open_object(int root, int state, const char *path, int flags)
{
	return *path == '/' ? fsroot_open(root, path + 1, flags, 0)
			    : fsroot_open(state, path, flags, 0);
}

static void trash_path(uint32_t serial, char path[static 32])
{
	snprintf(path, 32, "trash/%u", serial);
}

int trash_read(int state, uint32_t serial, struct journal *journal)
{
	char path[32];

	trash_path(serial, path);
	AUTO_CLOSE int dir = openat(state, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -errno : journal_read(dir, journal);
}

/* The journal says where its parts on other file systems are. */
static int remove_volumes(int root, int state, uint32_t serial)
{
	struct journal j;
	int r = 0;

	if (trash_read(state, serial, &j) < 0)
		return 0;
	for (size_t i = 0; r == 0 && i < j.volumes.n; i++)
		if (!j.volumes.volume[i].state)
			r = volume_remove(&j.volumes.volume[i], root, serial);
	journal_free(&j);
	return r;
}

int trash_remove(int root, int state, uint32_t serial)
{
	int r = remove_volumes(root, state, serial);
	char path[32];

	trash_path(serial, path);
	return r < 0 ? r : fsroot_remove(state, path);
}

/*
 * Remove the oldest, so that KEEP_RECORDS are left with the newest. What cannot be removed now is
 * tried again by the next transaction.
 */
static void prune(const struct transaction *t, const uint32_t *serial, size_t n)
{
	for (size_t i = 0; i + KEEP_RECORDS <= n; i++)
		trash_remove(t->root, t->state, serial[i]);
}

int trash_add(const struct transaction *t)
{
	AUTO_FREE uint32_t *serial = NULL;
	uint32_t next;
	char path[32];
	size_t n;
	int r;

	if (mkdirat(t->state, "trash", 0700) < 0 && errno != EEXIST)
		return -errno;
	r = trash_list(t->state, &serial, &n);
	if (r < 0)
		return r;
	next = n ? serial[n - 1] + 1 : 1;
	for (size_t i = 0; r == 0 && i < t->journal.volumes.n; i++)
		if (t->journal.volumes.volume[i].dir >= 0)
			r = volume_keep(&t->journal.volumes.volume[i], t->root, next);
	if (r < 0)
		return r;
	trash_path(next, path);
	if (renameat(t->state, TRANSACTION_DIR, t->state, path) < 0)
		return -errno;
	r = fsync_at(t->state, "trash");
	r = r < 0 ? r : fsync(t->state) < 0 ? -errno : 0;
	prune(t, serial, n);
	return r;
}
