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
#include "agent/transaction/trash.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"

/* Directories of STATE/pending are made when an offer needs them. */
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

int transaction_parent(
	const struct transaction *t, const struct journal_record *record, const char **name)
{
	int r = record->pending ? make_directories(t->pending, record->path) : 0;

	return r < 0 ? r
		     : fsroot_parent(record->pending ? t->pending : t->root, record->path, name);
}

int transaction_objects(const struct transaction *t, const struct journal_record *record)
{
	const struct volume *v = volumes_of(&t->journal.volumes, record->pending, record->path);

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

	for (size_t i = 0; r == 0 && i < t->journal.volumes.n; i++)
		if (t->journal.volumes.volume[i].dir >= 0 &&
			syncfs(t->journal.volumes.volume[i].dir) < 0)
			r = -errno;
	return r < 0 ? transaction_failed(t, NULL, "cannot sync", r) : 0;
}

/* Remove what was staged for deferred changes, unless it was written to. */
static void drop_deferred(const struct transaction *t)
{
	for (size_t i = 0; i < t->journal.n; i++) {
		const struct journal_record *c = &t->journal.record[i];
		struct journal_number number = journal_number(c->number);
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

	if (t->journal.undoes && t->records.status.deferred == 0)
		r = trash_remove(t->root, t->state, t->journal.undoes);
	if (r < 0)
		return r;
	/* If only records were changed, there is nothing to roll back. */
	if (t->journal.n == 0)
		return transaction_discard(t);
	r = trash_add(t);
	if (r < 0)
		return r;
	/* The fd follows the directory to the trash. */
	fsroot_remove(t->dir, "next");
	fsroot_remove(t->dir, STATE_CONTENTS);
	drop_deferred(t);
	return 0;
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

void transaction_free(struct transaction *t)
{
	cleanup_close(&t->dir);
	cleanup_close(&t->pending);
	t->dir = t->pending = -1;
	journal_free(&t->journal);
}
