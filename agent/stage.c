/* The first half of a transaction: everything that will be needed, whole and on the disk. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "agent/file.h"
#include "agent/journal.h"
#include "agent/transaction.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"
#include "lib/publish.h"

/* A file whose content is arriving. */
struct incoming {
	int fd;
	uint64_t size;
	struct digester *digester;
};

struct stage {
	struct transaction *t;
	size_t *wanted; /* steps whose content the share has */
	size_t n_wanted;
	struct incoming *incoming; /* for each of wanted */
	size_t *group;             /* the first staged step of each hard-link group, plus 1 */
	uint32_t groups;
	uint64_t files, bytes;
};

/* --- names --- */

/* Where a step is staged: its number, or a place in the folder that it is built into. */
static void stage_path(const struct steps *steps, size_t i, char path[static PATH_MAX])
{
	const struct step *s = &steps->step[i];
	const struct step *top = s->within == STEP_NONE ? s : &steps->step[s->within];

	snprintf(path, PATH_MAX, "%s%s", step_name(s->within == STEP_NONE ? i : s->within).text,
		s->path + strlen(top->path));
}

static int stage_parent(struct stage *g, size_t i, char path[static PATH_MAX], const char **name)
{
	stage_path(g->t->steps, i, path);
	return fsroot_parent(g->t->dir, path, name);
}

static int failed(struct transaction *t, const char *path, const char *what, int r)
{
	t->failed_path = path;
	t->failed_what = what;
	return r;
}

/* --- is there room? --- */

#define SPARE (4u << 20) /* bytes that are left for others, and for the records */

static int check_room(struct transaction *t)
{
	uint64_t bytes = SPARE, inodes = 64;
	struct statvfs fs;

	for (size_t i = 0; i < t->steps->n; i++) {
		const struct manifest_entry *e = t->steps->step[i].after;

		if (!e || t->steps->step[i].kind == STEP_META)
			continue;
		inodes++;
		bytes +=
			((e->size + 4095) & ~UINT64_C(4095)) + (e->type == MANIFEST_DIR ? 4096 : 0);
	}
	if (fstatvfs(t->state, &fs) < 0)
		return failed(t, NULL, "cannot ask for free space", -errno);
	if (bytes > (uint64_t)fs.f_bavail * fs.f_frsize)
		return failed(
			t, NULL, "the disk has not enough free space for the new files", -ENOSPC);
	if (fs.f_files && inodes > fs.f_favail)
		return failed(
			t, NULL, "the disk has not enough free inodes for the new files", -ENOSPC);
	return 0;
}

/* --- contents --- */

/* A member of a hard-link group whose first one is staged is linked to that. 1: done. */
static int link_to_group(struct stage *g, size_t i)
{
	const struct step *s = &g->t->steps->step[i];
	char from[PATH_MAX], to[PATH_MAX];
	size_t *first = s->after->group ? &g->group[s->after->group] : NULL;
	const struct manifest_entry *e;

	if (!first || s->pending)
		return 0;
	if (*first == 0) {
		*first = i + 1;
		return 0;
	}
	e = g->t->steps->step[*first - 1].after;
	if (manifest_compare(e, s->after) & ~MANIFEST_DIFF_TIME)
		return 0;
	stage_path(g->t->steps, *first - 1, from);
	stage_path(g->t->steps, i, to);
	return linkat(g->t->dir, from, g->t->dir, to, 0) < 0 ? -errno : 1;
}

static int copy_from_state(struct stage *g, const struct step *s, int to)
{
	AUTO_CLOSE int from = openat(g->t->state, s->source, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_FREE char *piece = malloc(65536);
	ssize_t n = 1;
	int r = from < 0 ? -errno : piece ? 0 : -ENOMEM;

	while (r == 0 && (n = read(from, piece, 65536)) > 0)
		r = write_all(to, piece, (size_t)n);
	return n < 0 ? -errno : r;
}

/* Make step i but for its metadata and for content that has to be fetched. */
static int make(struct stage *g, size_t i)
{
	struct step *s = &g->t->steps->step[i];
	char path[PATH_MAX];
	const char *name;
	AUTO_CLOSE int parent = stage_parent(g, i, path, &name), fd = -1;
	int r = parent < 0 ? parent : 0;

	if (r == 0 && s->from == FROM_LINK) {
		AUTO_CLOSE int root = fsroot_parent(g->t->root, s->source, &s->source);

		return root < 0 ? root : linkat(root, s->source, parent, name, 0) < 0 ? -errno : 0;
	}
	if (r == 0 && s->after->type == MANIFEST_FILE) {
		r = link_to_group(g, i);
		if (r == 1) {
			s->from = FROM_LINK;
			return 0;
		}
	}
	if (r == 0)
		r = fd = file_make(parent, name, s->after);
	if (s->after->type != MANIFEST_FILE) {
		fd = -1;
		return r;
	}
	if (r < 0)
		return r;
	if (s->from == FROM_SHARE)
		g->wanted[g->n_wanted++] = i;
	if (s->from == FROM_BYTES)
		return write_all(fd, s->data, s->after->size);
	return s->from == FROM_STATE ? copy_from_state(g, s, fd) : 0;
}

static const char *wanted_path(size_t i, void *arg)
{
	static char path[PATH_MAX + 16];
	struct stage *g = arg;

	snprintf(path, sizeof(path), "gen/%u/%s", g->t->to, g->t->steps->step[g->wanted[i]].source);
	return path;
}

static int begin(struct stage *g, size_t i)
{
	struct incoming *in = &g->incoming[i];
	char path[PATH_MAX];
	const char *name;
	AUTO_CLOSE int parent = stage_parent(g, g->wanted[i], path, &name);
	int r = parent < 0 ? parent : digester_new(DIGEST_SHA256, &in->digester);

	in->fd = r < 0 ? r : openat(parent, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	return r < 0 ? r : in->fd < 0 ? -errno : digester_begin(in->digester);
}

static int end(struct stage *g, size_t i)
{
	const struct manifest_entry *e = g->t->steps->step[g->wanted[i]].after;
	struct incoming *in = &g->incoming[i];
	struct digest digest;
	int r = digester_end(in->digester, &digest);

	if (r == 0 && ftruncate(in->fd, (off_t)in->size) < 0)
		r = -errno;
	digester_free(in->digester);
	in->digester = NULL;
	close(in->fd);
	in->fd = -1;
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
	const struct step *s = &g->t->steps->step[g->wanted[i]];
	int r = 0;

	if (error)
		return failed(g->t, s->source, strerror(-error), -EREMOTEIO);
	if (!in->digester)
		r = begin(g, i);
	if (r == 0 && size == 0) {
		r = end(g, i);
	} else if (r == 0) {
		in->size += size;
		r = in->size > s->after->size ? -EBADMSG : digester_add(in->digester, data, size);
		r = r < 0 ? r : file_write_sparse(in->fd, data, size);
	}
	if (r == -EBADMSG)
		return failed(g->t, s->source,
			"the share's file is not the one that the signed manifest names", r);
	return r < 0 ? failed(g->t, s->path, "cannot be written", r) : 0;
}

static int fetch(struct stage *g)
{
	const struct fetch f = { g->n_wanted, wanted_path, take, g };
	int r;

	if (g->n_wanted == 0)
		return 0;
	g->incoming = calloc(g->n_wanted, sizeof(*g->incoming));
	if (!g->incoming)
		return -ENOMEM;
	r = source_fetch(g->t->source, &f);
	for (size_t i = 0; i < g->n_wanted; i++) {
		if (g->incoming[i].digester && g->incoming[i].fd >= 0)
			close(g->incoming[i].fd);
		digester_free(g->incoming[i].digester);
	}
	if (r < 0 && !g->t->failed_what)
		return failed(g->t, NULL, "the share cannot be read", -EREMOTEIO);
	return r;
}

/* --- all of it --- */

static bool is_staged(const struct step *s)
{
	return s->kind == STEP_CREATE || s->kind == STEP_REPLACE;
}

static int make_all(struct stage *g)
{
	struct steps *steps = g->t->steps;
	int r = 0;

	for (size_t i = 0; r == 0 && i < steps->n; i++) {
		struct step *s = &steps->step[i];

		if (!is_staged(s))
			continue;
		r = make(g, i);
		if (r == -ENOENT && s->from == FROM_LINK) {
			/* Its other name went meanwhile. */
			s->deferred = true;
			r = 0;
		}
		if (r < 0)
			return failed(g->t, s->path, "cannot be staged", r);
	}
	return 0;
}

/* From the last to the first: a folder gets its mode when all that it holds is there. */
static int dress_all(struct stage *g)
{
	struct steps *steps = g->t->steps;

	for (size_t i = steps->n; i-- > 0;) {
		struct step *s = &steps->step[i];
		char path[PATH_MAX];
		const char *name;
		int r;

		if (!is_staged(s) || s->from == FROM_LINK)
			continue;
		AUTO_CLOSE int parent = stage_parent(g, i, path, &name);

		r = parent < 0 ? parent
			       : file_dress(parent, name, s->after, g->t->owners,
					 s->after->type == MANIFEST_FILE);
		if (r < 0)
			return failed(g->t, s->path, "owner, mode or attributes cannot be set", r);
	}
	return 0;
}

static int sync_and_mark(struct transaction *t)
{
	if (syncfs(t->dir) < 0)
		return failed(t, NULL, "cannot sync", -errno);
	return publish_file(t->dir, "staged", 0600, "", 0);
}

static int stage(struct stage *g)
{
	struct transaction *t = g->t;
	int r = check_room(t);

	for (size_t i = 0; i < t->steps->n; i++) {
		const struct manifest_entry *e = t->steps->step[i].after;

		if (e && e->group > g->groups)
			g->groups = e->group;
	}
	g->group = calloc((size_t)g->groups + 1, sizeof(*g->group));
	g->wanted = calloc(t->steps->n, sizeof(*g->wanted));
	if (!g->group || !g->wanted)
		r = -ENOMEM;
	r = r < 0 ? r : journal_write(t->dir, t->from, t->to, t->undo, t->steps);
	r = r < 0 ? r : make_all(g);
	r = r < 0 ? r : fetch(g);
	r = r < 0 ? r : dress_all(g);
	return r < 0 ? r : sync_and_mark(t);
}

static int open_folders(struct transaction *t)
{
	if (mkdirat(t->state, TRANSACTION_DIR, 0700) < 0)
		return -errno;
	t->dir = openat(t->state, TRANSACTION_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->dir < 0)
		return -errno;
	if (mkdirat(t->state, "pending", 0700) < 0 && errno != EEXIST)
		return -errno;
	t->pending = openat(t->state, "pending", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return t->pending < 0 ? -errno : 0;
}

int transaction_stage(struct transaction *t)
{
	struct stage g = { .t = t };
	int r;

	t->dir = t->pending = -1;
	t->failed_path = t->failed_what = NULL;
	if (t->steps->n == 0)
		return 0;
	r = open_folders(t);
	r = r < 0 ? r : stage(&g);
	if (r < 0) {
		cleanup_close(&t->dir);
		cleanup_close(&t->pending);
		t->dir = t->pending = -1;
		file_remove_tree(t->state, TRANSACTION_DIR);
	}
	free(g.group);
	free(g.wanted);
	free(g.incoming);
	return r;
}
