/* What the administrator chose for a path that is in conflict. */
#include "agent/plan/plan.h"

static bool is_offered(const struct plan_op *op)
{
	return op->action == PLAN_SIDE || op->action == PLAN_SIDE_DEL ||
	       op->action == PLAN_SIDE_TREE || op->action == PLAN_RELOCATED;
}

static bool is_in_conflict(const struct plan_op *op)
{
	return op->new && op->cover == PLAN_NONE &&
	       (is_offered(op) || op->meta & PLAN_META_CONFLICT);
}

/* What op covers goes with it. */
static void choose_below(struct plan *plan, const struct plan_op *op, enum plan_choice choice)
{
	size_t from, to, top = (size_t)(op - plan->op);

	plan_below(plan, op->path, &from, &to);
	for (size_t i = from; i < to; i++) {
		struct plan_op *o = &plan->op[i];

		if (o->cover != top)
			continue;
		o->next = o->new ? PLAN_NEXT_NEW : PLAN_NEXT_NONE;
		o->action = choice == PLAN_CHOICE_MINE ? PLAN_KEEP
			    : o->new                   ? PLAN_INSTALL
						       : PLAN_REMOVE;
		o->after = choice == PLAN_CHOICE_MINE ? NULL : o->new;
	}
}

static enum plan_chosen choose_mine(struct plan *plan, struct plan_op *op)
{
	if (is_offered(op)) {
		op->action = op->local ? PLAN_KEEP : PLAN_KEEP_DEL;
		op->after = NULL;
		choose_below(plan, op, PLAN_CHOICE_MINE);
	}
	return PLAN_CHOSEN;
}

static enum plan_chosen choose_theirs(struct plan *plan, struct plan_op *op)
{
	if (op->action == PLAN_SIDE_DEL && !op->offerable)
		return PLAN_CHOSEN_NO_DIRECTORY;
	if (is_offered(op)) {
		op->action = PLAN_INSTALL;
		choose_below(plan, op, PLAN_CHOICE_THEIRS);
	}
	op->after = op->new;
	return PLAN_CHOSEN;
}

static enum plan_chosen choose_merge(struct plan_op *op)
{
	if (op->action != PLAN_SIDE || op->new->type != MANIFEST_FILE ||
		op->local->type != MANIFEST_FILE)
		return PLAN_CHOSEN_NO_TEXT;
	op->action = PLAN_MERGE;
	op->after = op->local;
	return PLAN_CHOSEN;
}

void plan_choose(struct plan *plan, const char *path, enum plan_choice choice)
{
	const struct plan_op *found = plan_find(plan, path);
	struct plan_op *op = found ? &plan->op[found - plan->op] : NULL;

	if (!op || !is_in_conflict(op)) {
		plan->chosen = PLAN_CHOSEN_NO_CONFLICT;
		return;
	}
	plan->chosen = choice == PLAN_CHOICE_MINE     ? choose_mine(plan, op)
		       : choice == PLAN_CHOICE_THEIRS ? choose_theirs(plan, op)
						      : choose_merge(op);
	if (plan->chosen != PLAN_CHOSEN)
		return;
	op->next = PLAN_NEXT_NEW;
	op->settled = NULL;
	if (choice != PLAN_CHOICE_MERGE)
		op->meta &= ~PLAN_META_CONFLICT;
}
