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
#include <unistd.h>

#include "agent/command.h"
#include "agent/journal.h"
#include "agent/offers.h"
#include "agent/report.h"
#include "lib/cleanup.h"
#include "lib/scan.h"

struct rollback {
	struct agent *agent;
	uint32_t serial; /* the record to undo */
	struct undo undo;
};

static void record_path(uint32_t serial, const char *name, char path[static 64])
{
	snprintf(path, 64, "trash/%u%s%s", serial, *name ? "/" : "", name);
}

/* --- which records --- */

static int read_record(int state, uint32_t serial, struct journal *journal)
{
	char path[64];

	record_path(serial, "", path);
	AUTO_CLOSE int dir = openat(state, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir < 0 ? -errno : journal_read(dir, journal);
}

/* A rollback's own record, or one of a client's first fill, is nothing to go back by. */
static bool leads_up(const struct journal *j)
{
	return j->from && !j->undo;
}

/* The newest record that leads to a generation above target; 0: none is left. Or -errno. */
static int64_t next_record(const struct agent *a, uint32_t target)
{
	AUTO_FREE uint32_t *serial = NULL;
	int64_t found = 0;
	size_t n;
	int r = transaction_records(a->state, &serial, &n);

	for (size_t i = n; r == 0 && !found && i-- > 0;) {
		struct journal j;

		r = read_record(a->state, serial[i], &j);
		if (r == 0 && leads_up(&j) && j.to > target)
			found = serial[i];
		journal_free(&j);
	}
	return r < 0 ? r : found;
}

/* The generation before the one that is applied; 0: not known. */
static uint32_t previous(const struct agent *a)
{
	AUTO_FREE uint32_t *serial = NULL;
	uint32_t found = 0;
	size_t n;

	if (transaction_records(a->state, &serial, &n) < 0)
		return 0;
	for (size_t i = n; !found && i-- > 0;) {
		struct journal j;

		if (read_record(a->state, serial[i], &j) == 0 && leads_up(&j) && j.from < j.to &&
			j.to == a->status.generation)
			found = j.from;
		journal_free(&j);
	}
	return found;
}

/* --- what it did --- */

static bool add_as(struct manifest *m, const struct manifest_entry *entry, const char *path)
{
	struct manifest_entry e = *entry;

	e.path = path;
	e.group = 0;
	e.nlink = 1;
	return manifest_add(m, &e) != NULL;
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
	AUTO_CLOSE int fd = openat(b->agent->state, place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_MANIFEST struct manifest *tree = NULL;
	char path[2 * MANIFEST_PATH_MAX + 2], source[MANIFEST_PATH_MAX + 80];
	unsigned long errors;
	int r = fd < 0 ? -errno : scan_tree(fd, &options, &tree, &errors);

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
	char place[64];

	record_path(b->serial, step_name(s->op).text, place);
	if (s->kind == STEP_META)
		return add_as(b->agent->new, s->before, s->path) ? 0 : -ENOMEM;
	if (s->before->type == MANIFEST_DIR)
		return add_displaced_tree(b, place, s);
	return add_as(b->agent->new, s->before, s->path) && add_source(b, s->path, place) ? 0
											  : -ENOMEM;
}

/* A replacement whose displaced file is not in the trash was put back: it did not happen. */
static bool happened(const struct rollback *b, const struct step *s)
{
	char place[64];

	record_path(b->serial, step_name(s->op).text, place);
	if (s->deferred)
		return false;
	return s->kind == STEP_CREATE || s->kind == STEP_META ||
	       faccessat(b->agent->state, place, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int add_step(struct rollback *b, const struct step *s)
{
	if (s->pending || offers_is_offer(s->path) || !happened(b, s))
		return 0;
	if (s->after && !add_as(b->agent->base, s->after, s->path))
		return -ENOMEM;
	return s->before ? add_before(b, s) : 0;
}

static int by_path(const void *a, const void *b)
{
	const struct undone *x = a, *y = b;

	return strcmp(x->path, y->path);
}

/* The record as a base and a new of the paths that it changed. */
static int load_record(struct rollback *b)
{
	struct agent *a = b->agent;
	struct journal j;
	int r = read_record(a->state, b->serial, &j);

	a->base = manifest_new();
	a->new = manifest_new();
	if (r == 0 && (!a->base || !a->new))
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < j.steps.n; i++)
		r = add_step(b, &j.steps.step[i]);
	if (r == 0 && (!manifest_sort(a->base) || !manifest_sort(a->new)))
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
	return manifest_load(a->state, path, NULL, &records->base, &error);
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
	if (error < 0) {
		complain(error, "the record trash/%u cannot be read", serial);
		r = EXIT_REFUSED;
	}
	r = r ? r : agent_scan(&a, false);
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
	agent_close(&a);
	return r;
}

#define FINISHED (-1)

static int choose(
	const struct options *options, const char *wanted, uint32_t *target, int64_t *serial)
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
	if (r == 0 && *target == 0)
		*target = wanted ? (uint32_t)strtoul(wanted, NULL, 10) : previous(&a);
	*serial = r || *target == 0 ? 0 : next_record(&a, *target);
	if (*serial < 0) {
		complain((int)*serial, "a record in trash cannot be read");
		r = EXIT_REFUSED;
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
	uint32_t target = 0;
	int64_t serial;
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
		status = undo_record(options, (uint32_t)serial);
		r = failed(status) ? 0 : choose(options, NULL, &target, &serial);
	}
	return r ? r : status;
}
