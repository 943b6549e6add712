/*
 * rollback [GENERATION]: transactions undone, the newest first, by the same decisions and the same
 * kind of transaction: base is what one put there, new what it displaced. What the administrator
 * has edited since stays, and the displaced version is offered.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/command.h"
#include "agent/journal.h"
#include "agent/offers.h"
#include "agent/report.h"
#include "lib/cleanup.h"
#include "lib/scan.h"

struct rollback {
	struct agent *agent;
	uint32_t serial;              /* the record to undo */
	const struct journal *record; /* while it is loaded */
	struct undo undo;
	/* Paths of which it changed the metadata only: their entries in base and new. */
	struct meta_pair {
		struct manifest_entry *base, *new;
	} * meta;
	size_t n_meta;
};

static void record_path(uint32_t serial, const char *name, char path[static 64])
{
	snprintf(path, 64, "trash/%u%s%s", serial, *name ? "/" : "", name);
}

/* --- which records --- */

static int read_record(int state, uint32_t serial, struct journal *journal)
{
	char path[64];

	*journal = (struct journal){ 0 };
	record_path(serial, "", path);
	AUTO_CLOSE int dir = openat(state, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -errno : journal_read(dir, journal);
}

/* A rollback's own record, or one of a client's first fill, is nothing to go back by. */
static bool leads_up(const struct journal *j)
{
	return j->from && !j->undo;
}

static bool leads_above(const struct journal *j, uint32_t target)
{
	return leads_up(j) && j->to > target;
}

static bool led_to(const struct journal *j, uint32_t generation)
{
	return leads_up(j) && j->from < j->to && j->to == generation;
}

static int unreadable(uint32_t serial, int r)
{
	complain(r == -EBADMSG ? 0 : r, "the record trash/%u %s; without it: remove it", serial,
		r == -EBADMSG ? "is damaged" : "cannot be read");
	return EXIT_REFUSED;
}

/*
 * The newest record that fits: its number, 0 if there is none, and the generation that it goes back
 * to. Returns 0 or an exit status, after saying why.
 */
static int find_record(const struct agent *a,
	bool (*fits)(const struct journal *, uint32_t generation), uint32_t generation,
	uint32_t *serial, uint32_t *from)
{
	AUTO_FREE uint32_t *all = NULL;
	size_t n;
	int r = transaction_records(a->state, &all, &n);

	*serial = *from = 0;
	if (r < 0) {
		complain(r, "trash in the state directory");
		return EXIT_REFUSED;
	}
	for (size_t i = n; r == 0 && *serial == 0 && i-- > 0;) {
		struct journal j;

		r = read_record(a->state, all[i], &j);
		if (r < 0)
			r = unreadable(all[i], r);
		else if (fits(&j, generation)) {
			*serial = all[i];
			*from = j.from;
		}
		journal_free(&j);
	}
	return r;
}

/* --- what it did --- */

static struct manifest_entry *add_as(
	struct manifest *m, const struct manifest_entry *entry, const char *path)
{
	struct manifest_entry e = *entry;

	e.path = path;
	e.group = 0;
	e.nlink = 1;
	return manifest_add(m, &e);
}

static bool add_source(struct rollback *b, const char *path, const char *source)
{
	struct undone *grown = reallocarray(b->undo.undone, b->undo.n + 1, sizeof(*grown));

	if (!grown)
		return false;
	b->undo.undone = grown;
	grown[b->undo.n] = (struct undone){ strdup(path), strdup(source) };
	return grown[b->undo.n].path && grown[b->undo.n++].source;
}

/* A displaced folder, with all in it. */
static int add_displaced_tree(struct rollback *b, const char *place, const struct step *s)
{
	const struct scan_options options = { .digests = DIGEST_SHA256 };
	AUTO_CLOSE int fd = transaction_open_object(
		b->agent->root, b->agent->state, place, O_RDONLY | O_DIRECTORY);
	AUTO_MANIFEST struct manifest *tree = NULL;
	char path[2 * MANIFEST_PATH_MAX + 2], source[OBJECT_PATH_MAX + MANIFEST_PATH_MAX + 2];
	unsigned long errors;
	int r = fd < 0 ? fd : scan_tree(fd, &options, &tree, &errors);

	if (r == 0 && errors)
		r = -EIO;
	for (size_t i = 0; r == 0 && i < tree->n; i++) {
		const char *rest = tree->entry[i]->path;

		snprintf(path, sizeof(path), "%s%s%s", s->path, *rest ? "/" : "", rest);
		snprintf(source, sizeof(source), "%s/%s", place, rest);
		if (!add_as(b->agent->new, tree->entry[i], path) || !add_source(b, path, source))
			r = -ENOMEM;
	}
	return r;
}

static int add_before(struct rollback *b, const struct step *s)
{
	char place[OBJECT_PATH_MAX];

	transaction_object(b->record, b->serial, s, place);
	if (s->before->type == MANIFEST_DIR)
		return add_displaced_tree(b, place, s);
	return add_as(b->agent->new, s->before, s->path) && add_source(b, s->path, place) ? 0
											  : -ENOMEM;
}

/* A replacement whose displaced file is not in the trash was put back: it did not happen. If
 * there is one, it is not to be lost, whatever the step came to. */
static bool happened(const struct rollback *b, const struct step *s)
{
	char place[OBJECT_PATH_MAX];
	struct stat st;

	if (s->kind == STEP_CREATE || s->kind == STEP_META)
		return !s->deferred;
	transaction_object(b->record, b->serial, s, place);
	AUTO_CLOSE int fd = transaction_open_object(
		b->agent->root, b->agent->state, place, O_PATH | O_NOFOLLOW);
	return fd >= 0 && fstat(fd, &st) == 0 && !(s->deferred && st.st_ino == s->ino);
}

static int add_meta(struct rollback *b, const struct step *s)
{
	struct meta_pair *grown = reallocarray(b->meta, b->n_meta + 1, sizeof(*grown));
	struct meta_pair pair = { add_as(b->agent->base, s->after, s->path),
		add_as(b->agent->new, s->before, s->path) };

	if (!grown)
		return -ENOMEM;
	b->meta = grown;
	grown[b->n_meta++] = pair;
	return pair.base && pair.new ? 0 : -ENOMEM;
}

static int add_step(struct rollback *b, const struct step *s)
{
	if (s->pending || offers_is_offer(s->path) || !happened(b, s))
		return 0;
	if (s->kind == STEP_META)
		return add_meta(b, s);
	if (s->after && !add_as(b->agent->base, s->after, s->path))
		return -ENOMEM;
	return s->before ? add_before(b, s) : 0;
}

static int by_path(const void *a, const void *b)
{
	const struct undone *x = a, *y = b;

	return strcmp(x->path, y->path);
}

/* --- hard links: the record does not tell of them, but the lists before and after do --- */

static void take_groups(struct manifest *m, const struct manifest *from)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct manifest_entry *e = manifest_find(from, m->entry[i]->path);

		m->entry[i]->group = e ? e->group : 0;
	}
}

static bool is_in_record(const struct agent *a, const char *path)
{
	return manifest_find(a->base, path) || manifest_find(a->new, path);
}

/* The groups of a list that have a path of the record: a byte for each. NULL without memory. */
static char *touched_groups(const struct manifest *list, const struct agent *a)
{
	uint32_t highest = 0;
	char *touched;

	for (size_t i = 0; i < list->n; i++)
		if (list->entry[i]->group > highest)
			highest = list->entry[i]->group;
	touched = calloc((size_t)highest + 1, 1);
	for (size_t i = 0; touched && i < list->n; i++)
		if (list->entry[i]->group && is_in_record(a, list->entry[i]->path))
			touched[list->entry[i]->group] = 1;
	return touched;
}

/* The other names of these inodes: they did not change, but what they are linked to did. */
static bool add_other_names(struct agent *a, const struct manifest *was, const struct manifest *is)
{
	AUTO_FREE char *in_was = touched_groups(was, a), *in_is = touched_groups(is, a);
	AUTO_MANIFEST struct manifest *other = manifest_new();
	bool ok = in_was && in_is && other;

	for (size_t i = 0; ok && i < was->n; i++) {
		const struct manifest_entry *x = was->entry[i], *y = manifest_find(is, x->path);

		if (y && (in_was[x->group] || in_is[y->group]) && !is_in_record(a, x->path) &&
			(manifest_compare(x, y) & ~MANIFEST_DIFF_TIME) == 0)
			ok = manifest_add(other, x) != NULL;
	}
	for (size_t i = 0; ok && i < other->n; i++)
		ok = manifest_add(a->new, other->entry[i]) &&
		     manifest_add(a->base, manifest_find(is, other->entry[i]->path));
	return ok;
}

static int add_links(struct rollback *b)
{
	AUTO_MANIFEST struct manifest *was = NULL, *is = NULL;
	struct agent *a = b->agent;
	struct manifest_error error;
	char path[64];
	int r;

	record_path(b->serial, "base", path);
	r = state_read_manifest(a->state, path, &was, &error);
	r = r < 0 ? r : state_manifest(a->state, STATE_BASE, &is, &error);
	if (r < 0)
		return r;
	take_groups(a->new, was);
	take_groups(a->base, is);
	return add_other_names(a, was, is) ? 0 : -ENOMEM;
}

static bool sort(struct agent *a)
{
	return manifest_sort(a->base) && manifest_sort(a->new);
}

/* The record as a base and a new of the paths that it changed. */
static int load_record(struct rollback *b)
{
	struct agent *a = b->agent;
	struct journal j;
	int r = read_record(a->state, b->serial, &j);

	b->record = &j;
	a->base = manifest_new();
	a->new = manifest_new();
	/* What it replaced on a disk that is not there cannot be put back now. */
	for (size_t i = 0; r == 0 && i < j.volumes.n; i++)
		if (!j.volumes.volume[i].state) {
			volume_open(&j.volumes.volume[i], a->root);
			r = j.volumes.volume[i].missing ? -ENODEV : 0;
		}
	if (r == 0 && (!a->base || !a->new))
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < j.steps.n; i++)
		r = add_step(b, &j.steps.step[i]);
	if (r == 0 && !sort(a))
		r = -ENOMEM;
	r = r < 0 ? r : add_links(b);
	if (r == 0 && !sort(a))
		r = -ENOMEM;
	if (r == 0) {
		a->base->head.generation = j.to;
		a->new->head.generation = a->generation = j.from;
		if (b->undo.n)
			qsort(b->undo.undone, b->undo.n, sizeof(*b->undo.undone), by_path);
	}
	journal_free(&j);
	return r;
}

static void copy_content(struct manifest_entry *to, const struct manifest_entry *from)
{
	to->type = from->type;
	to->digest = from->digest;
	to->size = from->size;
	to->link = from->link;
	to->major = from->major;
	to->minor = from->minor;
}

/*
 * A change of metadata alone is undone whatever the content has become: on both sides the content
 * is the local one. Where there is none, or one of another type, there is nothing to undo.
 */
static void follow_content(const struct rollback *b)
{
	for (size_t i = 0; i < b->n_meta; i++) {
		struct meta_pair *pair = &b->meta[i];
		const struct manifest_entry *local =
			manifest_find(b->agent->local, pair->base->path);

		if (local && local->type == pair->base->type)
			copy_content(pair->base, local);
		copy_content(pair->new, pair->base);
	}
}

/* --- afterwards --- */

/* Offers of generations that this client goes back from are withdrawn, others stay as they are. */
static bool sort_conflicts(struct agent *a)
{
	struct conflicts mine = { 0 };
	bool ok = true;

	for (size_t i = 0; ok && i < a->conflicts.n; i++) {
		const struct conflict *c = &a->conflicts.conflict[i];

		ok = conflicts_add(c->generation > a->generation ? &mine : &a->next, c);
	}
	conflicts_free(&a->conflicts);
	a->conflicts = mine;
	return ok;
}

static int records(struct agent *a, struct records *records)
{
	struct state_status *s = &records->status;
	struct manifest_error error;
	char path[64];

	record_path(a->undo->serial, "base", path);
	if (!s->rolled_back || s->rolled_back < s->generation)
		s->rolled_back = s->generation == a->generation ? 0 : s->generation;
	s->generation = a->generation;
	return state_read_manifest(a->state, path, &records->base, &error);
}

static void free_undo(struct undo *undo)
{
	for (size_t i = 0; i < undo->n; i++) {
		free(undo->undone[i].path);
		free(undo->undone[i].source);
	}
	free(undo->undone);
}

/* What the master's policy is now says nothing about what a past run did: all of it is undone. */
static int undo_record(const struct options *options, uint32_t serial)
{
	struct rollback b = { .serial = serial, .undo = { .serial = serial } };
	struct agent a;
	int r = agent_open(&a, options, true), error;

	b.agent = &a;
	policies_free(a.policies);
	a.policies = policies_new();
	a.undo = &b.undo;
	a.records = records;
	error = r ? 0 : load_record(&b);
	if (error < 0)
		r = unreadable(serial, error);
	r = r ? r : agent_scan(&a, false);
	if (r == 0)
		follow_content(&b);
	r = r ? r : agent_decide(&a);
	r = r ? r : sort_conflicts(&a) ? 0 : EXIT_UNDONE;
	r = r ? r : agent_prepare(&a);
	r = r ? r : agent_apply(&a);
	if (r == 0) {
		derive(&a, &a.steps);
		report(&a, true);
		r = agent_left(&a);
	}
	free_undo(&b.undo);
	free(b.meta);
	agent_close(&a);
	return r;
}

#define FINISHED UINT32_MAX

/* The record to undo next, 0: none is left; *target 0: the generation before this one, or wanted.
 */
static int choose(
	const struct options *options, const char *wanted, uint32_t *target, uint32_t *serial)
{
	struct agent a;
	int r = agent_open(&a, options, true);

	/* The same command was cut off, and is finished now: it is not to go back further. */
	if (r == 0 && a.recovered_undo && !wanted && *target == 0) {
		*serial = FINISHED;
		r = agent_left(&a);
		agent_close(&a);
		return r;
	}
	*serial = 0;
	if (r == 0 && *target == 0 && wanted)
		*target = (uint32_t)strtoul(wanted, NULL, 10);
	else if (r == 0 && *target == 0)
		r = find_record(&a, led_to, a.status.generation, serial, target);
	if (r == 0 && *target) {
		uint32_t from;

		r = find_record(&a, leads_above, *target, serial, &from);
	}
	agent_close(&a);
	return r;
}

static bool failed(int status)
{
	return status != EXIT_DONE && status != EXIT_CONFLICTS && status != EXIT_DEFERRED;
}

int command_rollback(const struct options *options, char **arguments)
{
	uint32_t target = 0, serial;
	int r = choose(options, arguments[0], &target, &serial), status = EXIT_DONE;

	if (r)
		return r;
	if (serial == FINISHED)
		return EXIT_DONE;
	if (serial == 0) {
		complain(0, "there is no record of changes to undo");
		return EXIT_REFUSED;
	}
	/* What is deferred keeps its record: it is tried again by the next rollback. */
	while (!failed(status) && status != EXIT_DEFERRED && serial) {
		status = undo_record(options, serial);
		r = failed(status) ? 0 : choose(options, NULL, &target, &serial);
	}
	return r ? r : status;
}
