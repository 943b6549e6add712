/* The files that a transaction stages, with their contents: made here, linked, or fetched. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/transaction/inode.h"
#include "agent/transaction/stage.h"
#include "agent/transaction/trash.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"
#include "lib/io.h"

#define PIECE 65536u

struct stage_incoming {
	int fd, kept; /* kept: its copy for later merges; -1: none */
	uint64_t size;
	struct digester *digester;
};

/* --- links --- */

/* Returns 1; 0: on another file system, or too many links: it has to be copied; or -errno. */
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

static bool on_one_volume(
	const struct transaction *t, const struct change *a, const struct change *b)
{
	return volumes_of(&t->journal.volumes, a->pending, a->path) ==
	       volumes_of(&t->journal.volumes, b->pending, b->path);
}

/*
 * Link a member of a hard-link group to the first one that was staged. Returns 1; 0: it is the
 * first, or differs; or -errno.
 */
static int link_to_group(struct stage *g, size_t i)
{
	const struct change *c = &g->changes->change[i], *other;
	char from[PATH_MAX], to[PATH_MAX];
	size_t *first = c->after->group ? &g->group[c->after->group] : NULL;
	int dir;

	if (!first || c->pending)
		return 0;
	if (*first == 0) {
		*first = i + 1;
		return 0;
	}
	other = &g->changes->change[*first - 1];
	if (g->t->journal.record[*first - 1].deferred ||
		manifest_compare(other->after, c->after) & ~MANIFEST_DIFF_TIME ||
		!on_one_volume(g->t, other, c))
		return 0;
	dir = transaction_objects(g->t, &g->t->journal.record[i]);
	stage_path(g->changes, *first - 1, from);
	stage_path(g->changes, i, to);
	return linkat(dir, from, dir, to, 0) < 0 ? -errno : 1;
}

/* --- copies --- */

static int open_source(const struct stage *g, const struct change *c)
{
	const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;

	if (c->from == CHANGE_FROM_STATE)
		return trash_open_object(g->t->root, g->t->state, c->source, flags);
	return fsroot_open(g->t->root, c->source, flags, 0);
}

/* All of from to the files to and kept (-1: none), and its digest. */
static int copy_bytes(int from, int to, int kept, struct digest *digest)
{
	AUTO_FREE char *piece = malloc(PIECE);
	struct digester *digester = NULL;
	ssize_t n = 1;
	int r = piece ? digester_new(DIGEST_SHA256, &digester) : -ENOMEM;

	r = r < 0 ? r : digester_begin(digester);
	while (r == 0 && (n = read(from, piece, PIECE)) > 0) {
		r = digester_add(digester, piece, (size_t)n);
		r = r < 0 ? r : io_write(to, piece, (size_t)n);
		if (r == 0 && kept >= 0)
			r = io_write(kept, piece, (size_t)n);
	}
	if (n < 0)
		r = -errno;
	r = r < 0 ? r : digester_end(digester, digest);
	digester_free(digester);
	return r;
}

/* Returns 0; -ESTALE: it is not what the change says; or -errno. */
static int copy(const struct stage *g, const struct change *c, int to)
{
	AUTO_CLOSE int from = open_source(g, c);
	AUTO_CLOSE int kept = stage_open_kept(g, c);
	struct digest digest;
	int r = from < 0 ? from : copy_bytes(from, to, kept, &digest);

	/*
	 * A file from the trash may be an edit of the moment before the exchange: it is not
	 * checked.
	 */
	if (r == 0 && c->from != CHANGE_FROM_STATE &&
		memcmp(digest.sha256, c->after->digest.sha256, 32) != 0)
		r = -ESTALE;
	return r;
}

/* Account files are undone entry by entry: the record keeps what was put in place. */
static int keep_entries(const struct stage *g, size_t i)
{
	const struct change *c = &g->changes->change[i];
	char name[32];

	snprintf(name, sizeof(name), "%s.put", journal_number(i).text);
	AUTO_CLOSE int fd = openat(g->t->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : io_write(fd, c->data, c->after->size);
}

static int make_file(struct stage *g, size_t i, int fd)
{
	const struct change *c = &g->changes->change[i];
	int r;

	switch (c->from) {
	case CHANGE_FROM_SHARE:
		g->wanted[g->n_wanted++] = i;
		return 0;
	case CHANGE_FROM_BYTES:
		r = c->group ? keep_entries(g, i) : 0;
		return r < 0 ? r : io_write(fd, c->data, c->after->size);
	default:
		return copy(g, c, fd);
	}
}

int stage_make(struct stage *g, size_t i)
{
	const struct change *c = &g->changes->change[i];
	char path[PATH_MAX];
	const char *name;
	AUTO_CLOSE int parent = stage_parent(g, i, path, &name), fd = -1;
	int r = parent < 0 ? parent : 0;

	if (r == 0 && c->from == CHANGE_FROM_LINK)
		r = link_to_source(g, c, parent, name);
	if (r == 0 && c->after->type == MANIFEST_FILE)
		r = link_to_group(g, i);
	g->linked[i] = r == 1;
	if (r)
		return r < 0 ? r : 0;
	r = inode_make(parent, name, c->after);
	if (r < 0 || c->after->type != MANIFEST_FILE)
		return r;
	fd = r;
	return make_file(g, i, fd);
}

/* --- from the share --- */

static const char *wanted_path(size_t i, void *arg)
{
	static char path[PATH_MAX + 16];
	struct stage *g = arg;

	snprintf(path, sizeof(path), "gen/%u/%s", g->t->journal.to,
		g->changes->change[g->wanted[i]].source);
	return path;
}

static int begin_file(struct stage *g, size_t i)
{
	struct stage_incoming *in = &g->incoming[i];
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
	in->kept = stage_open_kept(g, &g->changes->change[g->wanted[i]]);
	return digester_begin(in->digester);
}

static void close_file(struct stage_incoming *in)
{
	if (!in->digester)
		return;
	digester_free(in->digester);
	in->digester = NULL;
	cleanup_close(&in->fd);
	cleanup_close(&in->kept);
	in->fd = in->kept = -1;
}

static int end_file(struct stage *g, size_t i)
{
	const struct manifest_entry *e = g->changes->change[g->wanted[i]].after;
	struct stage_incoming *in = &g->incoming[i];
	struct digest digest;
	int r = digester_end(in->digester, &digest);

	if (r == 0 && ftruncate(in->fd, (off_t)in->size) < 0)
		r = -errno;
	close_file(in);
	if (r == 0 && (in->size != e->size || memcmp(digest.sha256, e->digest.sha256, 32) != 0))
		return -EBADMSG;
	g->files++;
	g->bytes += in->size;
	if (g->t->progress)
		g->t->progress(g->files, g->bytes);
	return r;
}

static int add_piece(
	struct stage_incoming *in, const struct change *c, const void *data, size_t size)
{
	int r;

	in->size += size;
	r = in->size > c->after->size ? -EBADMSG : digester_add(in->digester, data, size);
	r = r < 0 ? r : inode_write_sparse(in->fd, data, size);
	if (r == 0 && in->kept >= 0)
		r = io_write(in->kept, data, size);
	return r;
}

/* For share_reader_fetch(). */
static int take_piece(size_t i, const void *data, size_t size, int error, void *arg)
{
	struct stage *g = arg;
	const struct change *c = &g->changes->change[g->wanted[i]];
	const char *fault = share_reader_fault(error);
	int r = 0;

	if (error)
		return transaction_failed(g->t, c->source, fault ? fault : strerror(-error),
			fault ? -EBADMSG : -EREMOTEIO);
	if (!g->incoming[i].digester)
		r = begin_file(g, i);
	if (r == 0)
		r = size ? add_piece(&g->incoming[i], c, data, size) : end_file(g, i);
	if (r == -EBADMSG)
		return transaction_failed(g->t, c->source,
			"the share's file is not the one that the signed manifest names", r);
	return r < 0 ? transaction_failed(g->t, c->path, "cannot be written", r) : 0;
}

int stage_fetch(struct stage *g)
{
	const struct share_fetch f = { g->n_wanted, wanted_path, take_piece, g };
	int r;

	if (g->n_wanted == 0)
		return 0;
	g->incoming = calloc(g->n_wanted, sizeof(*g->incoming));
	if (!g->incoming)
		return -ENOMEM;
	r = share_reader_fetch(g->t->reader, &f);
	for (size_t i = 0; i < g->n_wanted; i++)
		close_file(&g->incoming[i]);
	free(g->incoming);
	if (r < 0 && !g->t->failed_what)
		return transaction_failed(g->t, NULL, "the share cannot be read", -EREMOTEIO);
	return r;
}
