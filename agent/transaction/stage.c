/* The first half of a transaction: everything that will be needed, whole and on the disk. */
#include "agent/transaction/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/run/state.h"
#include "agent/transaction/inode.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"
#include "lib/io.h"

/* --- names --- */

void stage_path(const struct changes *changes, size_t i, char path[static PATH_MAX])
{
	const struct change *c = &changes->change[i];
	size_t top = c->within == CHANGE_NONE ? i : c->within;

	snprintf(path, PATH_MAX, "%s%s", journal_number(top).text,
		c->path + strlen(changes->change[top].path));
}

int stage_parent(const struct stage *g, size_t i, char path[static PATH_MAX], const char **name)
{
	stage_path(g->changes, i, path);
	return fsroot_parent(transaction_objects(g->t, &g->t->journal.record[i]), path, name);
}

bool stage_makes(const struct change *c)
{
	return c->kind == CHANGE_CREATE || c->kind == CHANGE_REPLACE;
}

/* --- all of it --- */

static void defer(struct journal_record *record, const char *why, int error)
{
	record->deferred = true;
	record->why = why;
	record->error = error;
}

static int make_all(struct stage *g)
{
	struct journal_record *record = g->t->journal.record;
	int r = 0;

	for (size_t i = 0; r == 0 && i < g->changes->n; i++) {
		const struct change *c = &g->changes->change[i];

		if (c->within != CHANGE_NONE && record[c->within].deferred)
			record[i].deferred = true;
		if (!stage_makes(c) || record[i].deferred)
			continue;
		r = stage_make(g, i);
		/* What is copied or linked here can be removed during the run, or change. */
		if ((r == -ENOENT || r == -ESTALE) &&
			(c->from == CHANGE_FROM_LINK || c->from == CHANGE_FROM_ROOT)) {
			defer(&record[i], "it was changed during the run", 0);
			r = 0;
		}
		if (r < 0)
			return transaction_failed(g->t, c->path, "cannot be staged", r);
	}
	return 0;
}

/* Backwards: a directory gets its mode after all that it holds was made. */
static int set_metadata(struct stage *g)
{
	for (size_t i = g->changes->n; i-- > 0;) {
		const struct change *c = &g->changes->change[i];
		char path[PATH_MAX];
		const char *name;
		int r;

		if (!stage_makes(c) || g->linked[i] || g->t->journal.record[i].deferred)
			continue;
		AUTO_CLOSE int parent = stage_parent(g, i, path, &name);

		r = parent < 0 ? parent
			       : inode_set_metadata(parent, name, c->after, g->t->owners,
					 c->after->type == MANIFEST_FILE);
		if (r < 0)
			return transaction_failed(
				g->t, c->path, "owner, mode or attributes cannot be set", r);
	}
	return 0;
}

/* The inode number says later whether a file is still the one that was staged. */
static int note_inodes(struct stage *g)
{
	for (size_t i = 0; i < g->changes->n; i++) {
		struct journal_record *record = &g->t->journal.record[i];
		struct stat st;

		if (!stage_makes(&g->changes->change[i]) || record->inside || record->deferred)
			continue;
		if (fstatat(transaction_objects(g->t, record), journal_number(i).text, &st,
			    AT_SYMLINK_NOFOLLOW) < 0)
			return transaction_failed(g->t, record->path, "cannot be staged", -errno);
		record->ino = st.st_ino;
	}
	return 0;
}

static int write_new(int dir, const char *name, const struct buf *data)
{
	AUTO_CLOSE int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : io_write(fd, data->data, data->size);
}

static int write_journal(struct stage *g)
{
	int r = write_new(g->t->dir, "entries.mtree.gz", &g->entries);

	r = r < 0 ? r : write_new(g->t->dir, "journal", &g->journal);
	if (r == 0 && mkdirat(g->t->dir, STATE_CONTENTS, 0700) < 0)
		r = -errno;
	return r;
}

static void defer_volume(struct journal *j, const struct volume *volume, int error)
{
	for (size_t i = 0; i < j->n; i++)
		if (volumes_of(&j->volumes, j->record[i].pending, j->record[i].path) == volume)
			defer(&j->record[i], "its file system's " VOLUME_DIR " cannot be used",
				error);
}

/* If a volume cannot be staged on, only its own changes are deferred. */
static int make_volumes(struct transaction *t)
{
	for (size_t i = 0; i < t->journal.volumes.n; i++) {
		struct volume *v = &t->journal.volumes.volume[i];
		int r = v->state ? 0 : volume_make(v, t->root);

		if (r == -ENOSPC || r == -ENOMEM)
			return transaction_failed(t, v->top, "cannot be staged on", r);
		if (r < 0)
			defer_volume(&t->journal, v, -r);
	}
	return 0;
}

static int allocate(struct stage *g)
{
	size_t n = g->changes->n;
	uint32_t groups = 0;

	for (size_t i = 0; i < n; i++) {
		const struct manifest_entry *e = g->changes->change[i].after;

		if (e && e->group > groups)
			groups = e->group;
	}
	g->group = calloc((size_t)groups + 1, sizeof(*g->group));
	g->wanted = calloc(n + 1, sizeof(*g->wanted));
	g->linked = calloc(n + 1, sizeof(*g->linked));
	return g->group && g->wanted && g->linked ? 0 : -ENOMEM;
}

/* The journal and the records, before the first file is made. */
static int encode(struct stage *g)
{
	struct transaction *t = g->t;
	int r = journal_encode(&t->journal, g->changes, t->owners, &g->journal, &g->entries);

	r = r < 0 ? r : records_encode(&t->records, &g->records);
	return r < 0 ? r : stage_find_kept(g);
}

static int stage(struct stage *g)
{
	struct transaction *t = g->t;
	int r = transaction_open(t);

	r = r < 0 ? r : write_journal(g);
	r = r < 0 ? r : make_volumes(t);
	r = r < 0 ? r : make_all(g);
	r = r < 0 ? r : stage_fetch(g);
	r = r < 0 ? r : set_metadata(g);
	r = r < 0 ? r : note_inodes(g);
	r = r < 0 ? r : stage_keep_others(g);
	r = r < 0 ? r : records_stage(t->state, t->dir, &t->records, &g->records);
	r = r < 0 ? r : transaction_sync(t);
	return r < 0 ? r : journal_mark_staged(t->dir, &t->journal);
}

static void free_stage(struct stage *g)
{
	free(g->group);
	free(g->wanted);
	free(g->linked);
	free(g->keep);
	buf_free(&g->journal);
	buf_free(&g->entries);
	records_encoded_free(&g->records);
}

int transaction_stage(struct transaction *t)
{
	struct stage g = { .t = t, .changes = t->changes };
	int r;

	t->dir = t->pending = -1;
	t->failed_path = t->failed_what = NULL;
	r = volumes_find(&t->journal.volumes, t->root, t->state, t->local, t->changes);
	r = r < 0 ? r : allocate(&g);
	r = r < 0 ? r : encode(&g);
	r = r < 0 ? r : stage_check_space(&g);
	if (r == 0 && mkdirat(t->state, TRANSACTION_DIR, 0700) < 0)
		r = -errno;
	else if (r == 0)
		r = stage(&g);
	if (r < 0)
		transaction_discard(t);
	free_stage(&g);
	return r;
}
