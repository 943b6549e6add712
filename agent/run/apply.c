/* The second half of a run: the transaction, and the records that follow from it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/run/agent.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/vis.h"

/* --- what became of the changes, for the report --- */

static void defer_op(struct plan *plan, size_t at, const struct change *c)
{
	struct plan_op *op = &plan->op[at];
	size_t from, to;

	op->action = PLAN_DEFER;
	op->next = PLAN_NEXT_OLD;
	op->why = c->why;
	op->error = c->error;
	plan_below(plan, op->path, &from, &to);
	for (size_t i = from; i < to; i++) {
		if (plan->op[i].cover != at)
			continue;
		/* Nothing was done of them, and the op that covers them says why. */
		plan->op[i].action = PLAN_NOP;
		plan->op[i].next = PLAN_NEXT_OLD;
	}
}

static void take_results(struct agent *a, const struct records *records)
{
	struct conflicts recorded;

	for (size_t i = 0; i < a->changes.n; i++) {
		const struct change *c = &a->changes.change[i];

		if (c->deferred && c->within == CHANGE_NONE && c->op != CHANGE_NONE)
			defer_op(a->plan, c->op, c);
	}
	a->status = records->status;
	/* As they were recorded: an offer that could not be written is none. */
	if (conflicts_read(a->state, &recorded) < 0)
		return;
	conflicts_free(&a->next);
	a->next = recorded;
}

/* --- records --- */

/* Mostly it is what lies here now. */
static int content_of(void *arg, const struct manifest_entry *e, struct buf *out)
{
	struct agent *a = arg;

	if (agent_local_content(a, e, out) == 0)
		return 0;
	out->size = 0;
	return agent_content(a, a->generation, e, out);
}

static uint32_t count_deferred(const struct agent *a)
{
	uint32_t n = 0;

	for (size_t i = 0; i < a->plan->n; i++)
		n += a->plan->op[i].action == PLAN_DEFER;
	return n;
}

int agent_records(struct agent *a, struct records *records)
{
	struct state_status *s = &records->status;

	records->base = plan_next_base(a->plan, &a->new->head);
	records->fetched = a->fetched;
	memcpy(s->share, a->new->head.share, sizeof(s->share));
	s->generation = a->generation;
	s->checked = time(NULL);
	return records->base ? 0 : -ENOMEM;
}

static int not_staged(const struct transaction *t, int r)
{
	AUTO_FREE char *path = t->failed_path ? vis_string(t->failed_path) : NULL;
	bool share = r == -EBADMSG || r == -EREMOTEIO;

	cli_error(share || (r == -ENOSPC && t->failed_what) ? 0 : r, "nothing was changed: %s%s%s",
		path ? path : "", path ? ": " : "",
		t->failed_what ? t->failed_what : "the transaction cannot begin");
	return r == -EBADMSG ? EXIT_REFUSED : r == -EREMOTEIO ? EXIT_UNREACHABLE : EXIT_UNDONE;
}

static void show_progress(uint64_t files, uint64_t bytes)
{
	if (files % 256 == 0)
		fprintf(stderr, "\r%ju files, %ju MB ", (uintmax_t)files, (uintmax_t)(bytes >> 20));
}

static int not_finished(const struct transaction *t, int r)
{
	agent_unfinished(t, r);
	return EXIT_DEFERRED;
}

static int apply(struct agent *a)
{
	struct transaction t = {
		.root = a->root,
		.state = a->state,
		.from = a->base->head.generation,
		.to = a->generation,
		.undo = a->undo != NULL,
		.undoes = a->undo ? a->undo->serial : 0,
		.changes = &a->changes,
		.owners = a->owners,
		.reader = a->reader,
		.local = a->local,
		.records = { .conflicts = &a->next, .status = a->status },
		.content = content_of,
		.arg = a,
		.progress = !a->options->quiet && isatty(2) ? show_progress : NULL,
	};
	uint32_t deferred = count_deferred(a);
	int r = a->records(a, &t.records);

	t.records.status.deferred = deferred;
	r = r < 0 ? r : transaction_stage(&t);
	if (t.progress)
		fputs("\r\033[K", stderr);
	if (r < 0) {
		r = not_staged(&t, r);
	} else {
		/* A boot has waited as long as it should, but a whole tree is worth the rest. */
		alarm(0);
		r = transaction_commit(&t);
		r = r < 0 ? not_finished(&t, r) : 0;
	}
	if (r == 0) {
		take_results(a, &t.records);
		/* Of what was deferred the base still has the older contents. */
		if (a->status.deferred == deferred)
			state_contents_prune(a->state, t.records.base);
	}
	manifest_free(t.records.base);
	transaction_free(&t);
	return r;
}

static bool wants_share(const struct agent *a)
{
	for (size_t i = 0; i < a->changes.n; i++) {
		const struct change *c = &a->changes.change[i];

		if ((c->kind == CHANGE_CREATE || c->kind == CHANGE_REPLACE) &&
			c->from == CHANGE_FROM_SHARE && c->after->type == MANIFEST_FILE)
			return true;
	}
	return false;
}

int agent_apply(struct agent *a)
{
	int r = wants_share(a) ? agent_open_share(a) : 0;

	return r ? r : apply(a);
}

int agent_left(const struct agent *a)
{
	return a->unfinished || a->status.deferred ? EXIT_DEFERRED
	       : a->status.conflicts               ? EXIT_CONFLICTS
						   : EXIT_SUCCESS;
}
