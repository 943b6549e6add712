/* The second half of a run: the transaction, and the records that follow from it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/offers.h"
#include "agent/rows.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"
#include "lib/vis.h"

/* --- account files are changed under the lock that passwd(1) and useradd(8) take --- */

static int lock_accounts(const struct agent *a)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	bool needed = false;
	int fd;

	for (size_t i = 0; i < a->steps.n; i++)
		needed |= a->steps.step[i].group != 0;
	if (!needed)
		return -1;
	fd = fsroot_open(a->root, "etc/.pwd.lock", O_WRONLY | O_CREAT | O_NOFOLLOW, 0600);
	/* As lckpwdf(3), but not for longer than it takes to type a password. */
	for (int tries = 0; fd >= 0 && fcntl(fd, F_SETLK, &lock) < 0 && tries < 15; tries++)
		sleep(1);
	return fd;
}

/* --- what became of the steps --- */

static void defer_op(struct plan *plan, size_t at, const struct step *s)
{
	struct op *op = &plan->op[at];
	size_t from, to;

	op->action = ACTION_DEFER;
	op->rest = REST_OLD;
	op->why = s->why;
	op->error = s->error;
	plan_below(plan, op->path, &from, &to);
	for (size_t i = from; i < to; i++)
		if (plan->op[i].cover == at)
			plan->op[i].rest = REST_OLD;
}

/* An offer that could not be written is none yet. */
static void drop_offer(struct conflicts *c, const struct step *s)
{
	for (size_t i = 0; i < c->n; i++) {
		const char *place = c->conflict[i].place;

		if (c->conflict[i].kind != CONFLICT_OFFER ||
			offer_is_pending(place) != s->pending ||
			strcmp(place + offer_is_pending(place), s->path) != 0)
			continue;
		free(c->conflict[i].path);
		free(c->conflict[i].place);
		c->conflict[i] = c->conflict[--c->n];
		return;
	}
}

static void settle_steps(struct agent *a)
{
	for (size_t i = 0; i < a->steps.n; i++) {
		const struct step *s = &a->steps.step[i];

		if (!s->deferred || s->within != STEP_NONE)
			continue;
		if (s->op != STEP_NONE)
			defer_op(a->plan, s->op, s);
		else if (s->kind == STEP_CREATE)
			drop_offer(&a->next, s);
	}
}

/* --- records --- */

static int keep_content(struct agent *a, const struct manifest_entry *e)
{
	AUTO_BUF struct buf content = { 0 };

	if (!state_keeps(e) || state_has_content(a->state, e))
		return 0;
	/* Mostly it is what lies here now; where it is not to be had, later merges do without. */
	if (agent_local_content(a, e, &content) < 0) {
		content.size = 0;
		if (agent_content(a, a->generation, e, &content) < 0)
			return 0;
	}
	return state_content_put(a->state, e, content.data);
}

static uint32_t count_deferred(const struct agent *a)
{
	uint32_t n = 0;

	for (size_t i = 0; i < a->plan->n; i++)
		n += a->plan->op[i].action == ACTION_DEFER;
	return n;
}

/* The base comes last of what is new: until then a rerun finds the same decisions to make. */
int agent_write_records(struct agent *a)
{
	AUTO_MANIFEST struct manifest *rest = plan_rest(a->plan, &a->new->head);
	int r = rest ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < rest->n; i++)
		r = keep_content(a, rest->entry[i]);
	if (r == 0 && syncfs(a->state) < 0)
		r = -errno;
	r = r < 0 ? r : conflicts_write(a->state, &a->next);
	if (r == 0 && a->fetched && renameat(a->state, STATE_NEXT, a->state, STATE_NEW) < 0)
		r = -errno;
	r = r < 0 ? r : state_manifest_write(a->state, STATE_BASE, rest);
	if (r < 0)
		return r;
	state_contents_prune(a->state, rest);
	memcpy(a->status.share, a->new->head.share, sizeof(a->status.share));
	a->status.generation = a->generation;
	a->status.conflicts = conflicts_waiting(&a->next);
	a->status.deferred = count_deferred(a);
	a->status.checked = time(NULL);
	return state_status_write(a->state, &a->status);
}

/* The base as it was goes with the transaction: rollback puts it back. */
static int keep_base(const struct agent *a, const struct transaction *t)
{
	if (a->steps.n == 0 || linkat(a->state, STATE_BASE, t->dir, "base", 0) == 0 ||
		errno == ENOENT || errno == EEXIST)
		return 0;
	return -errno;
}

static int not_staged(const struct transaction *t, int r)
{
	AUTO_FREE char *path = t->failed_path ? vis_string(t->failed_path) : NULL;
	bool share = r == -EBADMSG || r == -EREMOTEIO;

	complain(share || (r == -ENOSPC && t->failed_what) ? 0 : r, "nothing was changed: %s%s%s",
		path ? path : "", path ? ": " : "",
		t->failed_what ? t->failed_what : "the transaction cannot begin");
	return r == -EBADMSG ? EXIT_REFUSED : r == -EREMOTEIO ? EXIT_UNREACHABLE : EXIT_UNDONE;
}

static void show_progress(uint64_t files, uint64_t bytes)
{
	if (files % 256 == 0)
		fprintf(stderr, "\r%ju files, %ju MB ", (uintmax_t)files, (uintmax_t)(bytes >> 20));
}

int agent_apply(struct agent *a)
{
	struct transaction t = {
		.root = a->root,
		.state = a->state,
		.from = a->base->head.generation,
		.to = a->generation,
		.undo = a->undo != NULL,
		.steps = &a->steps,
		.owners = a->owners,
		.source = a->source,
		.progress = !a->options->quiet && isatty(2) ? show_progress : NULL,
	};
	AUTO_CLOSE int lock = -1;
	int r = transaction_stage(&t);

	if (t.progress)
		fputs("\r\033[K", stderr);
	if (r < 0)
		return not_staged(&t, r);
	lock = lock_accounts(a);
	r = keep_base(a, &t);
	r = r < 0 ? r : transaction_apply(&t);
	settle_steps(a);
	r = r < 0 ? r : a->records(a);
	r = r < 0 ? r : transaction_close(&t);
	if (r < 0) {
		complain(r, "the changes were made but not recorded; the next run will do that");
		return EXIT_UNDONE;
	}
	return 0;
}

int agent_left(const struct agent *a)
{
	return a->status.deferred    ? EXIT_DEFERRED
	       : a->status.conflicts ? EXIT_CONFLICTS
				     : EXIT_DONE;
}
