#include "agent/run/apply.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/plan/next-base.h"
#include "agent/run/content.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/vis.h"

/* --- what became of the changes --- */

static void take_outcome(struct run_changes *changes)
{
	for (size_t i = 0; i < changes->changes.n; i++) {
		const struct change *c = &changes->changes.change[i];
		struct journal_record *made = &changes->made.record[i];

		if (c->within != CHANGE_NONE)
			made->deferred |= changes->made.record[c->within].deferred;
		else if (made->deferred && c->op != CHANGE_NONE)
			outcome_defer_all(&changes->outcome, &changes->plan->op[c->op], made->why,
				made->error);
	}
}

/* As they were recorded, without offers that could not be written. */
static void take_conflicts(int state, struct run_changes *changes)
{
	struct conflicts recorded;

	if (conflicts_read(state, &recorded) < 0)
		return;
	conflicts_free(&changes->conflicts);
	changes->conflicts = recorded;
}

/* --- messages --- */

static enum agent_status not_staged(const struct transaction *t, int r)
{
	AUTO_FREE char *path = t->failed_path ? vis_string(t->failed_path) : NULL;
	bool share = r == -EBADMSG || r == -EREMOTEIO;

	cli_error(share || (r == -ENOSPC && t->failed_what) ? 0 : r, "nothing was changed: %s%s%s",
		path ? path : "", path ? ": " : "",
		t->failed_what ? t->failed_what : "the transaction cannot begin");
	return r == -EBADMSG ? AGENT_REFUSED : r == -EREMOTEIO ? AGENT_UNREACHABLE : AGENT_FAILED;
}

enum agent_status run_not_finished(const struct transaction *t, int r)
{
	AUTO_FREE char *path = t->failed_path ? vis_string(t->failed_path) : NULL;

	cli_error(r, "not finished: %s%s%s; the next run continues",
		path ? path : TRANSACTION_DIR " in the state directory", ": ",
		t->failed_what ? t->failed_what : "cannot be completed");
	return AGENT_DEFERRED;
}

static void show_progress(uint64_t files, uint64_t bytes)
{
	if (files % 256 == 0)
		fprintf(stderr, "\r%ju files, %ju MB ", (uintmax_t)files, (uintmax_t)(bytes >> 20));
}

/* --- the transaction --- */

struct apply {
	const struct run *run;
	const struct run_inputs *in;
	const struct run_changes *changes;
};

/* The local file mostly has it. */
static int read_content(void *arg, const struct manifest_entry *e, struct buf *out)
{
	const struct apply *a = arg;

	if (run_changes_content(a->changes, e, out) == 0)
		return 0;
	if (content_read_local(a->run->root, e, out) == 0)
		return 0;
	out->size = 0;
	return content_read(a->run, a->in->generation, e, out);
}

static int make_records(const struct run *run, const struct run_inputs *in,
	const struct run_changes *changes, struct records *records)
{
	struct state_status *s = &records->status;

	records->conflicts = &changes->conflicts;
	*s = run->status;
	s->deferred = outcome_deferred(&changes->outcome);
	if (in->undo)
		return undo_records(run, in, &changes->outcome, records);
	records->base = next_base_make(&changes->outcome, &in->new->head);
	records->fetched = in->fetched;
	memcpy(s->share, in->new->head.share, sizeof(s->share));
	s->generation = in->generation;
	s->checked = time(NULL);
	return records->base ? 0 : -ENOMEM;
}

/* deferred: how many paths were deferred before the transaction. */
static void take_results(
	struct run *run, struct run_changes *changes, struct transaction *t, uint32_t deferred)
{
	changes->made = t->journal;
	t->journal = (struct journal){ 0 };
	run->status = t->records.status;
	take_outcome(changes);
	take_conflicts(run->state, changes);
	/* The base still needs the older contents of what was deferred. */
	if (run->status.deferred == deferred)
		state_contents_prune(run->state, t->records.base);
}

static struct transaction describe(
	const struct run *run, const struct run_inputs *in, const struct run_changes *changes)
{
	return (struct transaction){
		.root = run->root,
		.state = run->state,
		.journal = { .from = in->base->head.generation,
			.to = in->generation,
			.undo = in->undo != NULL,
			.undoes = in->undo ? in->undo->serial : 0 },
		.changes = &changes->changes,
		.owners = changes->owners,
		.reader = run->reader,
		.local = in->local,
		.content = read_content,
		.dir = -1,
		.pending = -1,
		.progress = !run->options->quiet && isatty(2) ? show_progress : NULL,
	};
}

static enum agent_status transact(
	struct run *run, const struct run_inputs *in, struct run_changes *changes)
{
	struct apply a = { run, in, changes };
	struct transaction t = describe(run, in, changes);
	enum agent_status status = AGENT_DONE;
	uint32_t deferred;
	int r = make_records(run, in, changes, &t.records);

	deferred = t.records.status.deferred;
	t.arg = &a;
	r = r < 0 ? r : transaction_stage(&t);
	if (t.progress)
		fputs("\r\033[K", stderr);
	if (r < 0) {
		status = not_staged(&t, r);
	} else {
		/* From here on a boot waits without a limit: the changes are made as a whole. */
		alarm(0);
		r = transaction_commit(&t);
		if (r < 0)
			status = run_not_finished(&t, r);
		else
			take_results(run, changes, &t, deferred);
	}
	manifest_free(t.records.base);
	transaction_free(&t);
	return status;
}

static bool wants_share(const struct changes *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		const struct change *c = &changes->change[i];

		if ((c->kind == CHANGE_CREATE || c->kind == CHANGE_REPLACE) &&
			c->from == CHANGE_FROM_SHARE && c->after->type == MANIFEST_FILE)
			return true;
	}
	return false;
}

enum agent_status run_apply(
	struct run *run, const struct run_inputs *in, struct run_changes *changes)
{
	enum agent_status status =
		wants_share(&changes->changes) ? run_open_share(run) : AGENT_DONE;

	return status ? status : transact(run, in, changes);
}
