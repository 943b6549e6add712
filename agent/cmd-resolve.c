/* resolve PATH: the administrator's decision of a conflict. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/command.h"
#include "agent/merge/account-entries.h"
#include "agent/merge/merge-edit.h"
#include "agent/report.h"

/* --- decisions --- */

static void set_below(struct plan *plan, struct plan_op *op, bool theirs)
{
	size_t from, to, top = (size_t)(op - plan->op);

	plan_below(plan, op->path, &from, &to);
	for (size_t i = from; i < to; i++) {
		struct plan_op *o = &plan->op[i];

		if (o->cover != top)
			continue;
		o->next = o->new ? PLAN_NEXT_NEW : PLAN_NEXT_NONE;
		o->action = !theirs ? PLAN_KEEP : o->new ? PLAN_INSTALL : PLAN_REMOVE;
		o->after = theirs ? o->new : NULL;
	}
}

/* What is here stays, and is no conflict with this version of the master's any more. */
static void take_mine(struct agent *a, struct plan_op *op)
{
	if (op->action == PLAN_SIDE || op->action == PLAN_SIDE_DEL ||
		op->action == PLAN_SIDE_TREE || op->action == PLAN_RELOCATED) {
		op->action = op->local ? PLAN_KEEP : PLAN_KEEP_DEL;
		op->after = NULL;
		set_below(a->plan, op, false);
	}
	op->next = PLAN_NEXT_NEW;
	op->settled = NULL;
	op->meta &= ~PLAN_META_CONFLICT;
}

static int take_theirs(struct agent *a, struct plan_op *op)
{
	if (op->action == PLAN_SIDE || op->action == PLAN_SIDE_DEL ||
		op->action == PLAN_SIDE_TREE || op->action == PLAN_RELOCATED) {
		if (op->action == PLAN_SIDE_DEL && !op->offerable) {
			cli_error(0, "%s: its directory is not there: make it first", op->path);
			return EXIT_REFUSED;
		}
		op->action = PLAN_INSTALL;
		set_below(a->plan, op, true);
	}
	op->next = PLAN_NEXT_NEW;
	op->settled = NULL;
	op->meta &= ~PLAN_META_CONFLICT;
	op->after = op->new;
	return agent_open_share(a);
}

/* --- merging by hand --- */

static int take_merge(struct agent *a, struct plan_op *op)
{
	int r;

	if (op->action != PLAN_SIDE || op->new->type != MANIFEST_FILE ||
		op->local->type != MANIFEST_FILE) {
		cli_error(0, "%s: only a text can be merged: use --mine or --theirs", op->path);
		return EXIT_USAGE;
	}
	r = agent_open_share(a);
	r = r ? r : merge_edit(a, op, &a->merged);
	if (r)
		return r;
	op->action = PLAN_MERGE;
	op->next = PLAN_NEXT_NEW;
	op->settled = NULL;
	op->after = op->local;
	a->merged_path = op->path;
	return 0;
}

/* --- the command --- */

static bool drop_clashes(struct agent *a, const char *path)
{
	size_t kept = 0, before = a->conflicts.n;

	for (size_t i = 0; i < before; i++) {
		struct conflict *c = &a->conflicts.conflict[i];

		if (c->kind != CONFLICT_ACCOUNTS || strcmp(c->path, path) != 0) {
			a->conflicts.conflict[kept++] = *c;
			continue;
		}
		free(c->path);
		free(c->place);
	}
	a->conflicts.n = kept;
	return kept < before;
}

static bool is_conflict(const struct plan_op *op)
{
	return op->new && op->cover == PLAN_NONE &&
	       (op->action == PLAN_SIDE || op->action == PLAN_SIDE_DEL ||
		       op->action == PLAN_SIDE_TREE || op->action == PLAN_RELOCATED ||
		       op->meta & PLAN_META_CONFLICT);
}

static int decide(struct agent *a, const char *path)
{
	struct plan_op *op = plan_find(a->plan, path);

	if (account_file_is(path) && drop_clashes(a, path)) {
		if (a->options->resolve == RESOLVE_MINE)
			return 0;
		cli_error(0, "%s: edit its rows (vipw, vigr), then resolve it with --mine", path);
		return EXIT_USAGE;
	}
	if (conflicts_find(&a->conflicts, CONFLICT_FORMER, path) && (!op || !is_conflict(op))) {
		cli_error(0, "%s: a former version is offered: move it over the file, or remove it",
			path);
		return EXIT_USAGE;
	}
	if (!op || !is_conflict(op)) {
		cli_error(0, "%s is not in conflict; xf-agent conflicts lists what is", path);
		return EXIT_USAGE;
	}
	switch (a->options->resolve) {
	case RESOLVE_MINE:
		take_mine(a, op);
		return 0;
	case RESOLVE_THEIRS:
		return take_theirs(a, op);
	default:
		return take_merge(a, op);
	}
}

/* What was decided and could not be done (a program is writing the file, …) is not decided yet. */
static void forget_merge(const struct agent *a, const char *path)
{
	const struct plan_op *op = plan_find(a->plan, path);

	if (op && op->action != PLAN_DEFER)
		merge_edit_forget(a, path);
}

int agent_command_resolve(void *settings, char **arguments)
{
	const struct agent_options *options = settings;
	const char *path = arguments[0] + (arguments[0][0] == '/');
	struct agent a;
	int r;

	if (!options->resolve) {
		cli_error(0, "resolve needs --mine, --theirs or --merge");
		return EXIT_USAGE;
	}
	r = agent_open(&a, options, true);
	a.generation = a.status.generation;
	a.whole = path;
	r = r ? r : agent_load(&a);
	r = r ? r : agent_scan(&a, false);
	r = r ? r : agent_decide(&a);
	r = r ? r : decide(&a, path);
	r = r ? r : agent_prepare(&a);
	r = r ? r : agent_apply(&a);
	if (r == 0) {
		forget_merge(&a, path);
		triggers_run(&a, &a.changes);
		if (options->json)
			report_plan(&a, true);
		else if (!options->quiet)
			printf("%u conflicts pending\n", a.status.conflicts);
		r = agent_left(&a);
	}
	agent_close(&a);
	return r;
}
