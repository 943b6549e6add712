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
#include "agent/merge/offers.h"
#include "agent/report.h"
#include "agent/run/former-links.h"
#include "agent/transaction/journal.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/publish.h"
#include "lib/treescan.h"

struct rollback {
	struct agent *agent;
	uint32_t serial;       /* the record to undo */
	struct journal record; /* while it is loaded */
	struct undo undo;
	/* The paths that a rollback before this one deferred: the others are done. Empty: none. */
	struct buf rest;
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

static bool is_older(const struct journal *j, uint32_t target)
{
	return !j->undo && j->to <= target;
}

static bool leads_anywhere(const struct journal *j, uint32_t generation)
{
	(void)generation;
	return leads_up(j);
}

static int unreadable(uint32_t serial, int r)
{
	cli_error(r == -EBADMSG ? 0 : r, "the record trash/%u %s; without it: remove it", serial,
		r == -EBADMSG ? "is damaged" : "cannot be read");
	return EXIT_REFUSED;
}

struct rollback_record {
	uint32_t serial, from, to; /* serial 0: there is none */
};

/* The newest record that fits. Returns 0 or an exit status, after saying why. */
static int find_record(const struct agent *a,
	bool (*fits)(const struct journal *, uint32_t generation), uint32_t generation,
	struct rollback_record *found)
{
	AUTO_FREE uint32_t *all = NULL;
	size_t n;
	int r = transaction_records(a->state, &all, &n);

	*found = (struct rollback_record){ 0 };
	if (r < 0) {
		cli_error(r, "trash in the state directory");
		return EXIT_REFUSED;
	}
	for (size_t i = n; r == 0 && found->serial == 0 && i-- > 0;) {
		struct journal j;

		r = read_record(a->state, all[i], &j);
		if (r < 0)
			r = unreadable(all[i], r);
		else if (fits(&j, generation))
			*found = (struct rollback_record){ all[i], j.from, j.to };
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

/* Is path, or a directory that holds it, one of those that are to be undone? */
static bool is_wanted(const struct rollback *b, const char *path)
{
	const char *rest = b->rest.data, *end = rest + b->rest.size;

	for (; rest < end; rest += strlen(rest) + 1) {
		size_t n = strlen(rest);

		if (strncmp(path, rest, n) == 0 && (path[n] == '/' || path[n] == '\0'))
			return true;
	}
	return b->rest.size == 0;
}

static bool add_source(struct rollback *b, const char *path, const char *source)
{
	struct undone *undone;

	if (!ARRAY_GROW(b->undo.undone, b->undo.n))
		return false;
	undone = &b->undo.undone[b->undo.n];
	*undone = (struct undone){ strdup(path), strdup(source), NULL };
	return undone->path && ++b->undo.n && undone->source;
}

/* A displaced directory, with all in it. */
static int add_replaced_tree(struct rollback *b, const char *place, const struct change *c)
{
	const struct treescan_options options = { .digests = DIGEST_SHA256 };
	AUTO_CLOSE int fd = transaction_open_object(
		b->agent->root, b->agent->state, place, O_RDONLY | O_DIRECTORY);
	AUTO_MANIFEST struct manifest *tree = NULL;
	char path[2 * MANIFEST_PATH_MAX + 2], source[OBJECT_PATH_MAX + MANIFEST_PATH_MAX + 2];
	unsigned long errors;
	int r = fd < 0 ? fd : treescan(fd, &options, &tree, &errors);

	if (r == 0 && errors)
		r = -EIO;
	for (size_t i = 0; r == 0 && i < tree->n; i++) {
		const char *rest = tree->entry[i]->path;

		snprintf(path, sizeof(path), "%s%s%s", c->path, *rest ? "/" : "", rest);
		snprintf(source, sizeof(source), "%s/%s", place, rest);
		if (!is_wanted(b, path))
			continue;
		if (!add_as(b->agent->new, tree->entry[i], path) || !add_source(b, path, source))
			r = -ENOMEM;
	}
	return r;
}

static int add_before(struct rollback *b, const struct change *c)
{
	char place[OBJECT_PATH_MAX];

	transaction_object(&b->record, b->serial, c, place);
	if (c->before->type == MANIFEST_DIR)
		return add_replaced_tree(b, place, c);
	if (!is_wanted(b, c->path))
		return 0;
	if (!add_as(b->agent->new, c->before, c->path) || !add_source(b, c->path, place))
		return -ENOMEM;
	if (c->group && asprintf(&b->undo.undone[b->undo.n - 1].put, "trash/%u/%s.put", b->serial,
				change_name(c->op).text) < 0) {
		b->undo.undone[b->undo.n - 1].put = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* A replacement whose displaced file is not in the trash was put back: it did not happen. If
 * there is one, it is not to be lost, whatever the change came to. */
static bool happened(const struct rollback *b, const struct change *c)
{
	char place[OBJECT_PATH_MAX];
	struct stat st;

	if (c->kind == CHANGE_CREATE || c->kind == CHANGE_META)
		return !c->deferred;
	transaction_object(&b->record, b->serial, c, place);
	AUTO_CLOSE int fd = transaction_open_object(
		b->agent->root, b->agent->state, place, O_PATH | O_NOFOLLOW);
	return fd >= 0 && fstat(fd, &st) == 0 && !(c->deferred && st.st_ino == c->ino);
}

/* Its content is the same in both: what it was here then, whatever it has become. */
static int add_metadata(struct rollback *b, const struct change *c)
{
	return !is_wanted(b, c->path) || add_as(b->agent->new, c->before, c->path) ? 0 : -ENOMEM;
}

static int add_change(struct rollback *b, const struct change *c)
{
	if (c->pending || offers_is_offer(c->path) || !happened(b, c))
		return 0;
	if (c->after && is_wanted(b, c->path) && !add_as(b->agent->base, c->after, c->path))
		return -ENOMEM;
	if (!c->before)
		return 0;
	return c->kind == CHANGE_META ? add_metadata(b, c) : add_before(b, c);
}

static int by_path(const void *a, const void *b)
{
	const struct undone *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static bool sort(struct agent *a)
{
	return manifest_sort(a->base) && manifest_sort(a->new);
}

/* The record as a base and a new of the paths that it changed. */
static int load_record(struct rollback *b)
{
	struct agent *a = b->agent;
	struct journal *j = &b->record;
	int r = read_record(a->state, b->serial, j);

	a->base = manifest_new();
	a->new = manifest_new();
	/* What it replaced on a disk that is not there cannot be put back now. */
	for (size_t i = 0; r == 0 && i < j->volumes.n; i++)
		if (!j->volumes.volume[i].state) {
			volume_open(&j->volumes.volume[i], a->root);
			r = j->volumes.volume[i].missing ? -ENODEV : 0;
		}
	if (r == 0 && (!a->base || !a->new))
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < j->changes.n; i++)
		r = add_change(b, &j->changes.change[i]);
	if (r == 0 && !sort(a))
		r = -ENOMEM;
	r = r < 0 ? r : former_links_add(a, b->serial);
	if (r == 0 && !sort(a))
		r = -ENOMEM;
	if (r == 0) {
		a->base->head.generation = j->to;
		a->new->head.generation = a->generation = j->from;
		if (b->undo.n)
			qsort(b->undo.undone, b->undo.n, sizeof(*b->undo.undone), by_path);
	}
	journal_free(j);
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

		ok = conflicts_add(c->generation > a->generation || c->kind == CONFLICT_FORMER
					   ? &mine
					   : &a->next,
			c);
	}
	conflicts_free(&a->conflicts);
	a->conflicts = mine;
	return ok;
}

/* The record's base, but what it is now of what is deferred already. */
static int former_base(const struct agent *a, struct manifest **base)
{
	AUTO_MANIFEST struct manifest *was = NULL, *is = NULL;
	struct manifest_error error;
	struct changes deferred = { 0 };
	char path[64];
	int r;

	record_path(a->undo->serial, "base", path);
	r = state_read_manifest(a->state, path, &was, &error);
	r = r < 0 ? r : state_manifest(a->state, STATE_BASE, &is, &error);
	for (size_t i = 0; r == 0 && i < a->plan->n; i++) {
		const struct change c = { .kind = CHANGE_REMOVE,
			.path = a->plan->op[i].path,
			.within = CHANGE_NONE,
			.op = i,
			.deferred = true };

		if (a->plan->op[i].action == PLAN_DEFER && !changes_add(&deferred, &c))
			r = -ENOMEM;
	}
	*base = r < 0 ? NULL : records_base(was, is, &deferred);
	changes_free(&deferred);
	return r < 0 ? r : *base ? 0 : -ENOMEM;
}

static int records(struct agent *a, struct records *records)
{
	struct state_status *s = &records->status;

	if (!s->rolled_back || s->rolled_back < s->generation)
		s->rolled_back = s->generation == a->generation ? 0 : s->generation;
	s->generation = a->generation;
	return former_base(a, &records->base);
}

/* --- what is left of a record --- */

static int read_rest(struct rollback *b)
{
	char path[64];
	int r;

	record_path(b->serial, "rest", path);
	r = state_read_file(b->agent->state, path, JOURNAL_BYTES_MAX, &b->rest);
	if (r == 0 && b->rest.size && b->rest.data[b->rest.size - 1])
		r = -EBADMSG;
	return r == -ENOENT ? 0 : r;
}

/* The paths that were deferred, each with a NUL. Without the file all of it is tried again. */
static void write_rest(const struct agent *a, uint32_t serial)
{
	AUTO_BUF struct buf rest = { 0 };
	char path[64];

	for (size_t i = 0; i < a->plan->n; i++)
		if (a->plan->op[i].action == PLAN_DEFER)
			buf_add(&rest, a->plan->op[i].path, strlen(a->plan->op[i].path) + 1);
	record_path(serial, "rest", path);
	if (!rest.failed && rest.size)
		publish_file(a->state, path, 0600, rest.data, rest.size);
}

static void free_undo(struct undo *undo)
{
	for (size_t i = 0; i < undo->n; i++) {
		free(undo->undone[i].path);
		free(undo->undone[i].source);
		free(undo->undone[i].put);
	}
	free(undo->undone);
}

/* What the master's policy is now says nothing about what a past run did: all of it is undone. */
static int undo_record(const struct agent_options *options, uint32_t serial)
{
	struct rollback b = { .serial = serial, .undo = { .serial = serial } };
	struct agent a;
	int r = agent_open(&a, options, true), error;

	b.agent = &a;
	policies_free(a.policies);
	a.policies = policies_new();
	a.undo = &b.undo;
	a.records = records;
	error = r ? 0 : read_rest(&b);
	if (r == 0 && error == 0)
		error = load_record(&b);
	if (error < 0)
		r = unreadable(serial, error);
	r = r ? r : agent_scan(&a, false);
	r = r ? r : agent_decide(&a);
	r = r ? r : sort_conflicts(&a) ? 0 : EXIT_UNDONE;
	r = r ? r : agent_prepare(&a);
	r = r ? r : agent_apply(&a);
	if (r == 0) {
		write_rest(&a, serial);
		triggers_run(&a, &a.changes);
		report_plan(&a, true);
		r = agent_left(&a);
	}
	free_undo(&b.undo);
	buf_free(&b.rest);
	agent_close(&a);
	return r;
}

/* Which way a rollback goes. */
struct course {
	uint32_t target;  /* the generation to go back to; 0: not known yet, or unknown */
	uint32_t reached; /* the generation that is applied */
	uint32_t serial;  /* the record to undo next; 0: none is left */
	bool whole;       /* records go back to target: a run that changed nothing has left none */
	bool finished;    /* one that was cut off, and is finished now */
};

/* The generation that this client went back to, if that is not done yet; or the one before. */
static int choose_target(const struct agent *a, struct course *c)
{
	struct rollback_record last;
	int r = find_record(a, leads_anywhere, 0, &last);

	c->target = last.from;
	if (r || (last.serial && last.from == c->reached && last.to > c->reached))
		return r;
	r = find_record(a, led_to, c->reached, &last);
	c->target = last.from;
	return r;
}

static int choose(const struct agent_options *options, struct course *c)
{
	struct agent a;
	struct rollback_record next = { 0 };
	int r = agent_open(&a, options, true);

	c->reached = a.status.generation;
	/* The same command was cut off, and is finished now: it is not to go back further. */
	c->finished = r == 0 && a.recovered_undo && c->target == 0;
	if (c->finished)
		r = agent_left(&a);
	else if (r == 0 && c->target == 0)
		r = choose_target(&a, c);
	if (r == 0 && c->target)
		r = find_record(&a, leads_above, c->target, &next);
	c->serial = next.serial;
	if (r == 0 && c->target && !next.serial)
		r = find_record(&a, is_older, c->target, &next);
	c->whole = next.serial != 0;
	agent_close(&a);
	return r;
}

static bool failed(int status)
{
	return status != EXIT_SUCCESS && status != EXIT_CONFLICTS && status != EXIT_DEFERRED;
}

/* What is deferred keeps its record, and is tried again by the next rollback. */
static int go_back(const struct agent_options *options, struct course *c)
{
	int status = EXIT_SUCCESS, r = 0;

	while (!failed(status) && status != EXIT_DEFERRED && r == 0 && c->serial) {
		status = undo_record(options, c->serial);
		r = failed(status) ? 0 : choose(options, c);
	}
	if (r || failed(status) || c->reached <= c->target || (c->whole && !c->serial))
		return r ? r : status;
	cli_error(0, "stopped at generation %u, not %u: %s", c->reached, c->target,
		status == EXIT_DEFERRED ? "what is deferred comes first; then try again"
					: "there is no record of what was before");
	return EXIT_DEFERRED;
}

int agent_command_rollback(void *options, char **arguments)
{
	struct course c = { 0 };
	char *end = NULL;
	int r;

	if (arguments[0])
		c.target = (uint32_t)strtoul(arguments[0], &end, 10);
	if (end && (*end || c.target == 0)) {
		cli_error(0, "%s: not the number of a generation", arguments[0]);
		return EXIT_USAGE;
	}
	r = choose(options, &c);
	if (r || c.finished)
		return r;
	if (c.serial == 0) {
		cli_error(0, "there is no record of changes to undo");
		return EXIT_REFUSED;
	}
	return go_back(options, &c);
}
