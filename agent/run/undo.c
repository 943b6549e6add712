#include "agent/run/undo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/merge/offers.h"
#include "agent/plan/next-base.h"
#include "agent/run/former-links.h"
#include "agent/run/run.h"
#include "agent/transaction/trash.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/publish.h"
#include "lib/treescan.h"

/* --- loading the record --- */

struct loading {
	const struct run *run;
	struct run_inputs *in;
	struct undo *undo;
	struct journal record;
};

static struct manifest_entry *add_as(
	struct manifest *m, const struct manifest_entry *entry, const char *path)
{
	struct manifest_entry e = *entry;

	e.path = path;
	e.group = 0;
	e.nlink = 1;
	return manifest_add(m, &e);
}

/* Is path, or a directory that holds it, one of those that are to be undone? */
static bool is_wanted(const struct loading *l, const char *path)
{
	const char *rest = l->undo->rest.data, *end = rest + l->undo->rest.size;

	for (; rest < end; rest += strlen(rest) + 1) {
		size_t n = strlen(rest);

		if (strncmp(path, rest, n) == 0 && (path[n] == '/' || path[n] == '\0'))
			return true;
	}
	return l->undo->rest.size == 0;
}

static bool add_source(struct loading *l, const char *path, const char *source)
{
	struct undo_source *undone;

	if (!ARRAY_GROW(l->undo->source, l->undo->n))
		return false;
	undone = &l->undo->source[l->undo->n];
	*undone = (struct undo_source){ strdup(path), strdup(source), NULL };
	return undone->path && ++l->undo->n && undone->source;
}

/* A replaced directory, with all in it. */
static int add_replaced_tree(struct loading *l, const char *place, const struct journal_record *c)
{
	const struct treescan_options options = { .digests = DIGEST_SHA256 };
	AUTO_CLOSE int fd =
		trash_open_object(l->run->root, l->run->state, place, O_RDONLY | O_DIRECTORY);
	AUTO_MANIFEST struct manifest *tree = NULL;
	char path[2 * MANIFEST_PATH_MAX + 2], source[TRASH_OBJECT_MAX + MANIFEST_PATH_MAX + 2];
	unsigned long errors;
	int r = fd < 0 ? fd : treescan(fd, &options, &tree, &errors);

	if (r == 0 && errors)
		r = -EIO;
	for (size_t i = 0; r == 0 && i < tree->n; i++) {
		const char *rest = tree->entry[i]->path;

		snprintf(path, sizeof(path), "%s%s%s", c->path, *rest ? "/" : "", rest);
		snprintf(source, sizeof(source), "%s/%s", place, rest);
		if (!is_wanted(l, path))
			continue;
		if (!add_as(l->in->new, tree->entry[i], path) || !add_source(l, path, source))
			r = -ENOMEM;
	}
	return r;
}

/* Of an account file, to what was added last. */
static int add_put(struct loading *l, const struct journal_record *c)
{
	char **put = &l->undo->source[l->undo->n - 1].put;

	if (asprintf(put, "trash/%u/%s.put", l->undo->serial, journal_number(c->number).text) >= 0)
		return 0;
	*put = NULL;
	return -ENOMEM;
}

static int add_before(struct loading *l, const struct journal_record *c)
{
	char place[TRASH_OBJECT_MAX];

	trash_object(&l->record, l->undo->serial, c, place);
	if (c->before->type == MANIFEST_DIR)
		return add_replaced_tree(l, place, c);
	if (!is_wanted(l, c->path))
		return 0;
	if (!add_as(l->in->new, c->before, c->path) || !add_source(l, c->path, place))
		return -ENOMEM;
	return c->group ? add_put(l, c) : 0;
}

/* A replacement whose former file is not in the trash was put back: it did not happen. If there is
 * one, it is not to be lost, whatever the change came to. */
static bool happened(const struct loading *l, const struct journal_record *c)
{
	char place[TRASH_OBJECT_MAX];
	struct stat st;

	if (c->kind == CHANGE_CREATE || c->kind == CHANGE_META)
		return !c->deferred;
	trash_object(&l->record, l->undo->serial, c, place);
	AUTO_CLOSE int fd =
		trash_open_object(l->run->root, l->run->state, place, O_PATH | O_NOFOLLOW);
	return fd >= 0 && fstat(fd, &st) == 0 && !(c->deferred && st.st_ino == c->ino);
}

/* Only metadata was changed: the content is taken as it was then in both. */
static int add_metadata(struct loading *l, const struct journal_record *c)
{
	return !is_wanted(l, c->path) || add_as(l->in->new, c->before, c->path) ? 0 : -ENOMEM;
}

static int add_record(struct loading *l, const struct journal_record *c)
{
	if (c->pending || offers_is_offer(c->path) || !happened(l, c))
		return 0;
	if (c->after && is_wanted(l, c->path) && !add_as(l->in->base, c->after, c->path))
		return -ENOMEM;
	if (!c->before)
		return 0;
	return c->kind == CHANGE_META ? add_metadata(l, c) : add_before(l, c);
}

/* What it replaced on a disk that is not mounted cannot be put back now. */
static int check_volumes(int root, const struct volumes *volumes)
{
	for (size_t i = 0; i < volumes->n; i++) {
		struct volume *v = &volumes->volume[i];

		if (v->state)
			continue;
		volume_open(v, root);
		if (v->missing)
			return -ENODEV;
	}
	return 0;
}

static int sort(const struct run_inputs *in)
{
	return manifest_sort(in->base) && manifest_sort(in->new) ? 0 : -ENOMEM;
}

static int load(struct loading *l)
{
	struct run_inputs *in = l->in;
	const struct journal *j = &l->record;
	int r = check_volumes(l->run->root, &j->volumes);

	in->base = manifest_new();
	in->new = manifest_new();
	if (r == 0 && (!in->base || !in->new))
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < j->n; i++)
		r = add_record(l, &j->record[i]);
	r = r < 0 ? r : sort(in);
	r = r < 0 ? r : former_links_add(l->run, in, l->undo->serial);
	r = r < 0 ? r : sort(in);
	if (r < 0)
		return r;
	in->base->head.generation = j->to;
	in->new->head.generation = in->generation = j->from;
	return 0;
}

static int by_path(const void *a, const void *b)
{
	const struct undo_source *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static void record_path(uint32_t serial, const char *name, char path[static 64])
{
	snprintf(path, 64, "trash/%u/%s", serial, name);
}

static int read_rest(int state, struct undo *undo)
{
	char path[64];
	int r;

	record_path(undo->serial, "rest", path);
	r = state_read_file(state, path, JOURNAL_BYTES_MAX, &undo->rest);
	if (r == 0 && undo->rest.size && undo->rest.data[undo->rest.size - 1])
		r = -EBADMSG;
	return r == -ENOENT ? 0 : r;
}

int undo_load(const struct run *run, struct run_inputs *in, struct undo *undo)
{
	struct loading l = { .run = run, .in = in, .undo = undo };
	int r = read_rest(run->state, undo);

	r = r < 0 ? r : trash_read(run->state, undo->serial, &l.record);
	if (r < 0)
		return r;
	r = load(&l);
	if (r == 0 && undo->n)
		qsort(undo->source, undo->n, sizeof(*undo->source), by_path);
	journal_free(&l.record);
	return r;
}

void undo_free(struct undo *undo)
{
	for (size_t i = 0; i < undo->n; i++) {
		free(undo->source[i].path);
		free(undo->source[i].source);
		free(undo->source[i].put);
	}
	free(undo->source);
	buf_free(&undo->rest);
}

static int path_order(const void *key, const void *member)
{
	const struct undo_source *u = member;

	return strcmp(key, u->path);
}

const struct undo_source *undo_find(const struct undo *undo, const char *path)
{
	return undo->n ? bsearch(path, undo->source, undo->n, sizeof(*undo->source), path_order)
		       : NULL;
}

/* --- what follows --- */

bool undo_sort_conflicts(struct run_inputs *in, struct conflicts *others)
{
	struct conflicts mine = { 0 };
	bool ok = true;

	for (size_t i = 0; ok && i < in->conflicts.n; i++) {
		const struct conflict *c = &in->conflicts.conflict[i];
		bool goes = c->generation > in->generation || c->kind == CONFLICT_FORMER;

		ok = conflicts_add(goes ? &mine : others, c);
	}
	conflicts_free(&in->conflicts);
	in->conflicts = mine;
	return ok;
}

static size_t list_deferred(const struct outcome *outcome, struct next_base_undone *undone)
{
	size_t n = 0;

	for (size_t i = 0; i < outcome->plan->n; i++) {
		const char *path = outcome->plan->op[i].path;

		if (outcome->op[i].action == PLAN_DEFER && !offers_is_offer(path))
			undone[n++] = (struct next_base_undone){ path, false };
	}
	return n;
}

/* The record's base, but the current one's entries of what is deferred. */
static int former_base(
	int state, uint32_t serial, const struct outcome *outcome, struct manifest **base)
{
	AUTO_MANIFEST struct manifest *was = NULL, *is = NULL;
	AUTO_FREE struct next_base_undone *undone = calloc(outcome->plan->n + 1, sizeof(*undone));
	struct manifest_error error;
	char path[64];
	int r;

	record_path(serial, "base", path);
	r = state_read_manifest(state, path, &was, &error);
	r = r < 0 ? r : state_manifest(state, STATE_BASE, &is, &error);
	if (r < 0)
		return r;
	*base = undone ? next_base_without(was, is, undone, list_deferred(outcome, undone)) : NULL;
	return *base ? 0 : -ENOMEM;
}

int undo_records(const struct run *run, const struct run_inputs *in, const struct outcome *outcome,
	struct records *records)
{
	struct state_status *s = &records->status;

	if (!s->rolled_back || s->rolled_back < s->generation)
		s->rolled_back = s->generation == in->generation ? 0 : s->generation;
	s->generation = in->generation;
	return former_base(run->state, in->undo->serial, outcome, &records->base);
}

void undo_write_rest(int state, const struct undo *undo, const struct outcome *outcome)
{
	AUTO_BUF struct buf rest = { 0 };
	char path[64];

	for (size_t i = 0; i < outcome->plan->n; i++) {
		const char *deferred = outcome->plan->op[i].path;

		if (outcome->op[i].action == PLAN_DEFER)
			buf_add(&rest, deferred, strlen(deferred) + 1);
	}
	record_path(undo->serial, "rest", path);
	if (!rest.failed && rest.size)
		publish_file(state, path, 0600, rest.data, rest.size);
}
