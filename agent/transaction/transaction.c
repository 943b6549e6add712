#include "agent/transaction/transaction.h"

#include <dirent.h>
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

#define KEEP_RECORDS 8 /* transactions that can be rolled back */

/* STATE/pending has the directories that its offers need, and no more is known of them. */
static int make_directories(int pending, const char *path)
{
	char directory[MANIFEST_PATH_MAX + 1];
	const char *name;

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path), path);
		AUTO_CLOSE int parent = fsroot_parent(pending, directory, &name);
		if (parent < 0)
			return parent;
		if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

int transaction_parent(const struct transaction *t, const struct change *change, const char **name)
{
	int r = change->pending ? make_directories(t->pending, change->path) : 0;

	return r < 0 ? r
		     : fsroot_parent(change->pending ? t->pending : t->root, change->path, name);
}

int transaction_objects(const struct transaction *t, const struct change *change)
{
	const struct volume *v = volumes_of(&t->volumes, change);

	return !v || v->state ? t->dir : v->dir;
}

int transaction_failed(struct transaction *t, const char *path, const char *what, int r)
{
	t->failed_path = path;
	t->failed_what = what;
	return r;
}

int transaction_sync(struct transaction *t)
{
	int r = syncfs(t->dir) < 0 ? -errno : 0;

	for (size_t i = 0; r == 0 && i < t->volumes.n; i++)
		if (t->volumes.volume[i].dir >= 0 && syncfs(t->volumes.volume[i].dir) < 0)
			r = -errno;
	return r < 0 ? transaction_failed(t, NULL, "cannot sync", r) : 0;
}

/* --- the trash --- */

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

int transaction_records(int state, uint32_t **serial, size_t *n)
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

void transaction_object(const struct journal *record, uint32_t serial, const struct change *change,
	char path[static OBJECT_PATH_MAX])
{
	const struct volume *v = volumes_of(&record->volumes, change);
	bool own = v && !v->state;

	snprintf(path, OBJECT_PATH_MAX, "%s%s%s%strash/%u/%s", own ? "/" : "", own ? v->top : "",
		own && *v->top ? "/" : "", own ? VOLUME_DIR "/" : "", serial,
		change_name(change->number).text);
}

int transaction_open_object(int root, int state, const char *path, int flags)
{
	return *path == '/' ? fsroot_open(root, path + 1, flags, 0)
			    : fsroot_open(state, path, flags, 0);
}

/* Of the parts on other file systems its journal tells. */
static int forget_volumes(int root, int state, const char *path, uint32_t serial)
{
	AUTO_CLOSE int dir = openat(state, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct journal j;
	int r = 0;

	if (dir < 0 || journal_read(dir, &j) < 0)
		return 0;
	for (size_t i = 0; r == 0 && i < j.volumes.n; i++)
		if (!j.volumes.volume[i].state)
			r = volume_remove(&j.volumes.volume[i], root, serial);
	journal_free(&j);
	return r;
}

int transaction_forget(int root, int state, uint32_t serial)
{
	char path[32];
	int r;

	snprintf(path, sizeof(path), "trash/%u", serial);
	r = forget_volumes(root, state, path, serial);
	return r < 0 ? r : fsroot_remove(state, path);
}

/* The oldest go, so that with the newest one there are KEEP_RECORDS; what cannot be removed is
 * tried again by the next transaction. */
static void prune(const struct transaction *t, const uint32_t *serial, size_t n)
{
	for (size_t i = 0; i + KEEP_RECORDS <= n; i++)
		transaction_forget(t->root, t->state, serial[i]);
}

/* The directory becomes the next STATE/trash/SERIAL. */
static int keep(const struct transaction *t)
{
	AUTO_FREE uint32_t *serial = NULL;
	uint32_t next;
	char path[32];
	size_t n;
	int r;

	if (mkdirat(t->state, "trash", 0700) < 0 && errno != EEXIST)
		return -errno;
	r = transaction_records(t->state, &serial, &n);
	if (r < 0)
		return r;
	next = n ? serial[n - 1] + 1 : 1;
	for (size_t i = 0; r == 0 && i < t->volumes.n; i++)
		if (t->volumes.volume[i].dir >= 0)
			r = volume_keep(&t->volumes.volume[i], t->root, next);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "trash/%u", next);
	if (renameat(t->state, TRANSACTION_DIR, t->state, path) < 0)
		return -errno;
	r = fsync_at(t->state, "trash");
	r = r < 0 ? r : fsync(t->state) < 0 ? -errno : 0;
	prune(t, serial, n);
	return r;
}

/* What was staged for a change that was deferred: it is nobody's, unless it was written to. */
static void drop_deferred(const struct transaction *t)
{
	for (size_t i = 0; i < t->changes->n; i++) {
		const struct change *c = &t->changes->change[i];
		struct change_name number = change_name(c->number);
		int dir = transaction_objects(t, c);
		struct stat st;

		if (!c->deferred || !c->ino ||
			fstatat(dir, number.text, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
			st.st_ino != c->ino)
			continue;
		if (c->after->type == MANIFEST_DIR ||
			inode_matches(dir, number.text, c->after, INODE_CONTENT) == 1)
			fsroot_remove(dir, number.text);
	}
}

int transaction_close(struct transaction *t)
{
	int r = 0;

	if (t->undoes && t->records.status.deferred == 0)
		r = transaction_forget(t->root, t->state, t->undoes);
	if (r < 0)
		return r;
	/* What changed records alone is nothing to go back by. */
	if (t->changes->n == 0)
		return transaction_discard(t);
	r = keep(t);
	if (r < 0)
		return r;
	/* By its fd, wherever it lies now. */
	fsroot_remove(t->dir, "next");
	fsroot_remove(t->dir, CONTENTS_DIR);
	drop_deferred(t);
	return 0;
}

/* --- after a kill --- */

int transaction_discard(struct transaction *t)
{
	for (size_t i = 0; i < t->volumes.n; i++)
		if (!t->volumes.volume[i].state)
			volume_remove(&t->volumes.volume[i], t->root, 0);
	/* Without its mark what is left of it is a transaction that has not begun. */
	if (unlinkat(t->state, TRANSACTION_DIR "/staged", 0) < 0 && errno != ENOENT)
		return -errno;
	return fsroot_remove(t->state, TRANSACTION_DIR);
}

int transaction_open(struct transaction *t)
{
	t->dir = openat(t->state, TRANSACTION_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->dir < 0)
		return -errno;
	if (mkdirat(t->state, "pending", 0700) < 0 && errno != EEXIST)
		return -errno;
	t->pending = openat(t->state, "pending", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return t->pending < 0 ? -errno : 0;
}

bool transaction_is_unfinished(int state)
{
	return state >= 0 && faccessat(state, TRANSACTION_DIR "/staged", F_OK, 0) == 0;
}

int transaction_recover(int root, int state, struct transaction *t)
{
	int r;

	*t = (struct transaction){
		.root = root, .state = state, .recovers = true, .dir = -1, .pending = -1
	};
	/* Volumes' parts of one that had not begun go when something is staged there again. */
	if (!transaction_is_unfinished(state))
		return transaction_discard(t);
	r = transaction_open(t);
	r = r < 0 ? r : journal_read(t->dir, &t->journal);
	if (r < 0)
		return transaction_failed(t, NULL, "the journal cannot be read", r);
	t->volumes = t->journal.volumes;
	t->journal.volumes = (struct volumes){ 0 };
	for (size_t i = 0; i < t->volumes.n; i++)
		if (!t->volumes.volume[i].state)
			volume_open(&t->volumes.volume[i], root);
	state_sweep(t->dir);
	t->from = t->journal.from;
	t->to = t->journal.to;
	t->undo = t->journal.undo;
	t->undoes = t->journal.undoes;
	t->changes = &t->journal.changes;
	t->entries = t->journal.entries;
	r = transaction_commit(t);
	return r < 0 ? r : 1;
}

void transaction_free(struct transaction *t)
{
	cleanup_close(&t->dir);
	cleanup_close(&t->pending);
	t->dir = t->pending = -1;
	if (t->entries != t->journal.entries)
		manifest_free(t->entries);
	t->entries = NULL;
	volumes_free(&t->volumes);
	journal_free(&t->journal);
}
