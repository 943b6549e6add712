/* The first half of a transaction: everything that will be needed, whole and on the disk. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "agent/run/state.h"
#include "agent/transaction/inode.h"
#include "agent/transaction/journal.h"
#include "agent/transaction/transaction.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"
#include "lib/io.h"

/* A file whose content is arriving. */
struct incoming {
	int fd, kept; /* kept: its copy for later merges; -1: none */
	uint64_t size;
	struct digester *digester;
};

struct stage {
	struct transaction *t;
	size_t *wanted; /* changes whose content the share has */
	size_t n_wanted;
	struct incoming *incoming; /* for each of wanted */
	size_t *group;             /* the first staged change of each hard-link group, plus 1 */
	uint32_t groups;
	uint64_t files, bytes;
	const struct manifest_entry **keep; /* the base's files that the state directory lacks */
	size_t n_keep;
	struct buf journal, entries;
	struct records_encoded records;
};

/* --- names --- */

/* Where a change is staged: its number, or a place in the directory that it is built into. */
static void stage_path(const struct changes *changes, size_t i, char path[static PATH_MAX])
{
	const struct change *c = &changes->change[i];
	const struct change *top = c->within == CHANGE_NONE ? c : &changes->change[c->within];

	snprintf(path, PATH_MAX, "%s%s", change_name(c->within == CHANGE_NONE ? i : c->within).text,
		c->path + strlen(top->path));
}

static int stage_parent(struct stage *g, size_t i, char path[static PATH_MAX], const char **name)
{
	stage_path(g->t->changes, i, path);
	return fsroot_parent(transaction_objects(g->t, &g->t->changes->change[i]), path, name);
}

static bool is_staged(const struct change *c)
{
	return c->kind == CHANGE_CREATE || c->kind == CHANGE_REPLACE;
}

/* --- is there room? --- */

#define SPARE (4u << 20) /* bytes that are left for others */
#define BLOCK 4096u
#define NAME  64u /* bytes of a name in a directory, at most; a long one was there before */

struct need {
	uint64_t bytes, inodes;
};

static void add_need(struct need *need, uint64_t size)
{
	need->inodes++;
	need->bytes += ((size + BLOCK - 1) & ~(uint64_t)(BLOCK - 1)) + NAME;
}

/* What will be written to the state directory before the first change, and what the commit adds. */
static struct need count_records(const struct stage *g)
{
	const struct changes *changes = g->t->changes;
	const size_t record[] = { g->journal.size, g->entries.size, g->records.base.size,
		g->records.conflicts.size, g->records.status.size, 32 * changes->n,
		16 * changes->n };
	struct need need = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(record); i++)
		add_need(&need, record[i]);
	/* If something has to be deferred, base, conflicts and status are written once more. */
	for (size_t i = 2; i < 5; i++)
		add_need(&need, record[i]);
	for (size_t i = 0; i < g->n_keep; i++)
		add_need(&need, g->keep[i]->size);
	for (size_t i = 0; i < changes->n; i++)
		if (changes->change[i].group && is_staged(&changes->change[i]))
			add_need(&need, changes->change[i].after->size);
	return need;
}

/* Of the objects of one volume; NULL: the state directory's. */
static void count_objects(const struct stage *g, const struct volume *volume, struct need *need)
{
	for (size_t i = 0; i < g->t->changes->n; i++) {
		const struct change *c = &g->t->changes->change[i];
		const struct volume *of = volumes_of(&g->t->volumes, c);

		if (is_staged(c) && (of && !of->state ? of : NULL) == volume)
			add_need(need, c->after->type == MANIFEST_DIR ? BLOCK : c->after->size);
	}
}

static int check_need(struct stage *g, int fd, const char *top, const struct need *need)
{
	struct statvfs fs;

	if (fstatvfs(fd, &fs) < 0)
		return transaction_failed(g->t, top, "cannot ask for free space", -errno);
	if (need->bytes + SPARE > (uint64_t)fs.f_bavail * fs.f_frsize)
		return transaction_failed(
			g->t, top, "the disk has not enough free space for the new files", -ENOSPC);
	if (fs.f_files && need->inodes + 64 > fs.f_favail)
		return transaction_failed(g->t, top,
			"the disk has not enough free inodes for the new files", -ENOSPC);
	return 0;
}

static int check_room(struct stage *g)
{
	struct transaction *t = g->t;
	struct need need = count_records(g);
	int r;

	count_objects(g, NULL, &need);
	r = check_need(g, t->state, NULL, &need);
	for (size_t i = 0; r == 0 && i < t->volumes.n; i++) {
		const struct volume *v = &t->volumes.volume[i];

		if (v->state)
			continue;
		AUTO_CLOSE int fd = fsroot_open(t->root, v->top, O_RDONLY | O_DIRECTORY, 0);

		need = (struct need){ 0 };
		count_objects(g, v, &need);
		if (need.inodes)
			r = check_need(g, fd, v->top, &need);
	}
	return r;
}

/* --- contents for later merges --- */

static int find_kept(struct stage *g)
{
	const struct manifest *base = g->t->records.base;

	g->keep = calloc(base->n + 1, sizeof(struct manifest_entry *));
	for (size_t i = 0; g->keep && i < base->n; i++)
		if (state_keeps(base->entry[i]) && !state_has_content(g->t->state, base->entry[i]))
			g->keep[g->n_keep++] = base->entry[i];
	return g->keep ? 0 : -ENOMEM;
}

/* Where a copy of the content that a change brings goes: an fd, or -1. */
static int open_kept(const struct stage *g, const struct change *c)
{
	if (change_is_offer(c) || !state_keeps(c->after) ||
		state_has_content(g->t->state, c->after))
		return -1;
	return state_content_make(g->t->dir, c->after);
}

/* What no change brought; where it is not to be had, later merges do without. */
static int keep_others(struct stage *g)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < g->n_keep; i++) {
		AUTO_CLOSE int fd = state_content_make(g->t->dir, g->keep[i]);
		AUTO_BUF struct buf content = { 0 };

		r = fd;
		if (fd == -EEXIST)
			r = 0;
		else if (fd >= 0 && g->t->content(g->t->arg, g->keep[i], &content) == 0)
			r = io_write(fd, content.data, content.size);
		else if (fd >= 0)
			r = state_content_drop(g->t->dir, g->keep[i]);
	}
	return r < 0 ? r : 0;
}

/* --- contents --- */

/* A member of a hard-link group whose first one is staged is linked to that. 1: done. */
static int link_to_group(struct stage *g, size_t i)
{
	const struct change *c = &g->t->changes->change[i];
	char from[PATH_MAX], to[PATH_MAX];
	size_t *first = c->after->group ? &g->group[c->after->group] : NULL;
	const struct manifest_entry *e;
	int dir;

	if (!first || c->pending)
		return 0;
	if (*first == 0) {
		*first = i + 1;
		return 0;
	}
	e = g->t->changes->change[*first - 1].after;
	if (g->t->changes->change[*first - 1].deferred ||
		manifest_compare(e, c->after) & ~MANIFEST_DIFF_TIME ||
		volumes_of(&g->t->volumes, &g->t->changes->change[*first - 1]) !=
			volumes_of(&g->t->volumes, c))
		return 0;
	dir = transaction_objects(g->t, c);
	stage_path(g->t->changes, *first - 1, from);
	stage_path(g->t->changes, i, to);
	return linkat(dir, from, dir, to, 0) < 0 ? -errno : 1;
}

/* Returns 0; -ESTALE: it is not what the change says; or -errno. */
static int copy(struct stage *g, const struct change *c, int to)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	AUTO_CLOSE int from =
		c->from == CHANGE_FROM_STATE
			? transaction_open_object(g->t->root, g->t->state, c->source, flags)
			: fsroot_open(g->t->root, c->source, flags, 0);
	AUTO_CLOSE int kept = open_kept(g, c);
	AUTO_FREE char *piece = malloc(65536);
	struct digester *digester = NULL;
	struct digest digest;
	ssize_t n = 1;
	int r = from < 0 ? from : piece ? digester_new(DIGEST_SHA256, &digester) : -ENOMEM;

	r = r < 0 ? r : digester_begin(digester);
	while (r == 0 && (n = read(from, piece, 65536)) > 0) {
		r = digester_add(digester, piece, (size_t)n);
		r = r < 0 ? r : io_write(to, piece, (size_t)n);
		if (r == 0 && kept >= 0)
			r = io_write(kept, piece, (size_t)n);
	}
	if (n < 0)
		r = -errno;
	r = r < 0 ? r : digester_end(digester, &digest);
	digester_free(digester);
	/* What lies in the trash may be an edit that came between plan and exchange. */
	if (r == 0 && c->from == CHANGE_FROM_ROOT &&
		memcmp(digest.sha256, c->after->digest.sha256, 32) != 0)
		r = -ESTALE;
	return r;
}

/* 1: it is done. 0: it lies on another file system, or has too many names: a copy has to do. */
static int link_to_source(
	const struct stage *g, const struct change *c, int parent, const char *name)
{
	const char *other;
	AUTO_CLOSE int dir = fsroot_parent(g->t->root, c->source, &other);

	if (dir < 0)
		return dir;
	if (linkat(dir, other, parent, name, 0) == 0)
		return 1;
	return errno == EXDEV || errno == EMLINK ? 0 : -errno;
}

/* Account files are undone entry by entry: the record keeps what was put in place. */
static int keep_entries(const struct stage *g, const struct change *c)
{
	char name[32];

	snprintf(name, sizeof(name), "%s.put", change_name(c->number).text);
	AUTO_CLOSE int fd = openat(g->t->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : io_write(fd, c->data, c->after->size);
}

/* Make change i but for its metadata and for content that has to be fetched. */
static int make(struct stage *g, size_t i)
{
	struct change *c = &g->t->changes->change[i];
	char path[PATH_MAX];
	const char *name;
	AUTO_CLOSE int parent = stage_parent(g, i, path, &name), fd = -1;
	int r = parent < 0 ? parent : 0;

	if (r == 0 && c->from == CHANGE_FROM_LINK) {
		r = link_to_source(g, c, parent, name);
		if (r)
			return r < 0 ? r : 0;
		c->from = CHANGE_FROM_ROOT;
	}
	if (r == 0 && c->after->type == MANIFEST_FILE) {
		r = link_to_group(g, i);
		if (r == 1) {
			c->from = CHANGE_FROM_LINK;
			return 0;
		}
	}
	if (r == 0)
		r = fd = inode_make(parent, name, c->after);
	if (c->after->type != MANIFEST_FILE) {
		fd = -1;
		return r;
	}
	if (r < 0)
		return r;
	if (c->from == CHANGE_FROM_SHARE)
		g->wanted[g->n_wanted++] = i;
	if (c->from == CHANGE_FROM_BYTES) {
		r = c->group ? keep_entries(g, c) : 0;
		return r < 0 ? r : io_write(fd, c->data, c->after->size);
	}
	return c->from == CHANGE_FROM_STATE || c->from == CHANGE_FROM_ROOT ? copy(g, c, fd) : 0;
}

static const char *wanted_path(size_t i, void *arg)
{
	static char path[PATH_MAX + 16];
	struct stage *g = arg;

	snprintf(path, sizeof(path), "gen/%u/%s", g->t->to,
		g->t->changes->change[g->wanted[i]].source);
	return path;
}

static int begin(struct stage *g, size_t i)
{
	struct incoming *in = &g->incoming[i];
	char path[PATH_MAX];
	const char *name;
	AUTO_CLOSE int parent = stage_parent(g, g->wanted[i], path, &name);
	int r = parent < 0 ? parent : digester_new(DIGEST_SHA256, &in->digester);

	in->fd = in->kept = -1;
	if (r < 0)
		return r;
	in->fd = openat(parent, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (in->fd < 0)
		return -errno;
	in->kept = open_kept(g, &g->t->changes->change[g->wanted[i]]);
	return digester_begin(in->digester);
}

static int end(struct stage *g, size_t i)
{
	const struct manifest_entry *e = g->t->changes->change[g->wanted[i]].after;
	struct incoming *in = &g->incoming[i];
	struct digest digest;
	int r = digester_end(in->digester, &digest);

	if (r == 0 && ftruncate(in->fd, (off_t)in->size) < 0)
		r = -errno;
	digester_free(in->digester);
	in->digester = NULL;
	cleanup_close(&in->fd);
	cleanup_close(&in->kept);
	in->fd = in->kept = -1;
	if (r == 0 && (in->size != e->size || memcmp(digest.sha256, e->digest.sha256, 32) != 0))
		return -EBADMSG;
	g->files++;
	g->bytes += in->size;
	if (g->t->progress)
		g->t->progress(g->files, g->bytes);
	return r;
}

static int take(size_t i, const void *data, size_t size, int error, void *arg)
{
	struct stage *g = arg;
	struct incoming *in = &g->incoming[i];
	const struct change *c = &g->t->changes->change[g->wanted[i]];
	int r = 0;

	if (error)
		return transaction_failed(g->t, c->source,
			share_reader_fault(error) ? share_reader_fault(error) : strerror(-error),
			share_reader_fault(error) ? -EBADMSG : -EREMOTEIO);
	if (!in->digester)
		r = begin(g, i);
	if (r == 0 && size == 0) {
		r = end(g, i);
	} else if (r == 0) {
		in->size += size;
		r = in->size > c->after->size ? -EBADMSG : digester_add(in->digester, data, size);
		r = r < 0 ? r : inode_write_sparse(in->fd, data, size);
		if (r == 0 && in->kept >= 0)
			r = io_write(in->kept, data, size);
	}
	if (r == -EBADMSG)
		return transaction_failed(g->t, c->source,
			"the share's file is not the one that the signed manifest names", r);
	return r < 0 ? transaction_failed(g->t, c->path, "cannot be written", r) : 0;
}

static int fetch(struct stage *g)
{
	const struct share_fetch f = { g->n_wanted, wanted_path, take, g };
	int r;

	if (g->n_wanted == 0)
		return 0;
	g->incoming = calloc(g->n_wanted, sizeof(*g->incoming));
	if (!g->incoming)
		return -ENOMEM;
	r = share_reader_fetch(g->t->reader, &f);
	for (size_t i = 0; i < g->n_wanted; i++) {
		if (g->incoming[i].digester) {
			cleanup_close(&g->incoming[i].fd);
			cleanup_close(&g->incoming[i].kept);
		}
		digester_free(g->incoming[i].digester);
	}
	if (r < 0 && !g->t->failed_what)
		return transaction_failed(g->t, NULL, "the share cannot be read", -EREMOTEIO);
	return r;
}

/* --- all of it --- */

static int make_all(struct stage *g)
{
	struct changes *changes = g->t->changes;
	int r = 0;

	for (size_t i = 0; r == 0 && i < changes->n; i++) {
		struct change *c = &changes->change[i];

		if (c->within != CHANGE_NONE && changes->change[c->within].deferred)
			c->deferred = true;
		if (!is_staged(c) || c->deferred)
			continue;
		r = make(g, i);
		/* What is copied or linked here can go meanwhile, or change. */
		if ((r == -ENOENT || r == -ESTALE) &&
			(c->from == CHANGE_FROM_LINK || c->from == CHANGE_FROM_ROOT)) {
			c->deferred = true;
			c->why = "it was changed during the run";
			r = 0;
		}
		if (r < 0)
			return transaction_failed(g->t, c->path, "cannot be staged", r);
	}
	return 0;
}

/* From the last to the first: a directory gets its mode when all that it holds is there. */
static int set_metadata(struct stage *g)
{
	struct changes *changes = g->t->changes;

	for (size_t i = changes->n; i-- > 0;) {
		struct change *c = &changes->change[i];
		char path[PATH_MAX];
		const char *name;
		int r;

		if (!is_staged(c) || c->from == CHANGE_FROM_LINK || c->deferred)
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

/* By its inode number it is known later on whether what lies there is still what was staged. */
static int note_inodes(struct stage *g)
{
	struct changes *changes = g->t->changes;

	for (size_t i = 0; i < changes->n; i++) {
		struct change *c = &changes->change[i];
		struct stat st;

		if (!is_staged(c) || c->within != CHANGE_NONE || c->deferred)
			continue;
		if (fstatat(transaction_objects(g->t, c), change_name(i).text, &st,
			    AT_SYMLINK_NOFOLLOW) < 0)
			return transaction_failed(g->t, c->path, "cannot be staged", -errno);
		c->ino = st.st_ino;
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
	if (r == 0 && mkdirat(g->t->dir, CONTENTS_DIR, 0700) < 0)
		r = -errno;
	return r;
}

/* A volume that cannot be staged on holds up nothing but its own. */
static int make_volumes(struct transaction *t)
{
	for (size_t i = 0; i < t->volumes.n; i++) {
		struct volume *v = &t->volumes.volume[i];
		int r = v->state ? 0 : volume_make(v, t->root);

		if (r == -ENOSPC || r == -ENOMEM)
			return transaction_failed(t, v->top, "cannot be staged on", r);
		for (size_t k = 0; r < 0 && k < t->changes->n; k++) {
			struct change *c = &t->changes->change[k];

			if (volumes_of(&t->volumes, c) != v)
				continue;
			c->deferred = true;
			c->why = "its file system's " VOLUME_DIR " cannot be used";
			c->error = -r;
		}
	}
	return 0;
}

static int sync_and_mark(struct stage *g)
{
	int r = transaction_sync(g->t);

	return r < 0 ? r : journal_mark_staged(g->t->dir, g->t->changes);
}

static int allocate(struct stage *g)
{
	struct changes *changes = g->t->changes;

	for (size_t i = 0; i < changes->n; i++) {
		const struct manifest_entry *e = changes->change[i].after;

		if (e && e->group > g->groups)
			g->groups = e->group;
	}
	g->group = calloc((size_t)g->groups + 1, sizeof(*g->group));
	g->wanted = calloc(changes->n + 1, sizeof(*g->wanted));
	return g->group && g->wanted ? 0 : -ENOMEM;
}

/* All that is known before the first file is made. */
static int encode(struct stage *g)
{
	struct transaction *t = g->t;
	const struct journal head = { .from = t->from,
		.to = t->to,
		.undo = t->undo,
		.undoes = t->undoes,
		.volumes = t->volumes };
	int r;

	r = journal_encode(&head, t->changes, t->owners, &t->entries, &g->journal, &g->entries);

	r = r < 0 ? r : records_encode(&t->records, &g->records);
	return r < 0 ? r : find_kept(g);
}

static int stage(struct stage *g)
{
	struct transaction *t = g->t;
	int r = transaction_open(t);

	r = r < 0 ? r : write_journal(g);
	r = r < 0 ? r : make_volumes(t);
	r = r < 0 ? r : make_all(g);
	r = r < 0 ? r : fetch(g);
	r = r < 0 ? r : set_metadata(g);
	r = r < 0 ? r : note_inodes(g);
	r = r < 0 ? r : keep_others(g);
	r = r < 0 ? r : records_stage(t->state, t->dir, &t->records, &g->records);
	return r < 0 ? r : sync_and_mark(g);
}

static void free_stage(struct stage *g)
{
	free(g->group);
	free(g->wanted);
	free(g->incoming);
	free(g->keep);
	buf_free(&g->journal);
	buf_free(&g->entries);
	records_encoded_free(&g->records);
}

int transaction_stage(struct transaction *t)
{
	struct stage g = { .t = t };
	int r;

	t->dir = t->pending = -1;
	t->failed_path = t->failed_what = NULL;
	r = volumes_find(&t->volumes, t->root, t->state, t->local, t->changes);
	r = r < 0 ? r : allocate(&g);
	r = r < 0 ? r : encode(&g);
	r = r < 0 ? r : check_room(&g);
	if (r == 0 && mkdirat(t->state, TRANSACTION_DIR, 0700) < 0)
		r = -errno;
	else if (r == 0)
		r = stage(&g);
	if (r < 0)
		transaction_discard(t);
	free_stage(&g);
	return r;
}
