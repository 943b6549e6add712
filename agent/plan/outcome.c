#include "agent/plan/outcome.h"

#include <stdlib.h>

bool outcome_begin(struct outcome *outcome, const struct plan *plan)
{
	outcome->plan = plan;
	outcome->op = calloc(plan->n + 1, sizeof(*outcome->op));
	for (size_t i = 0; outcome->op && i < plan->n; i++) {
		const struct plan_op *op = &plan->op[i];

		outcome->op[i] = (struct outcome_op){ op->action, op->next, op->why, op->error };
	}
	return outcome->op != NULL;
}

void outcome_free(struct outcome *outcome)
{
	free(outcome->op);
	*outcome = (struct outcome){ 0 };
}

void outcome_defer(struct outcome *outcome, const struct plan_op *op, const char *why, int error)
{
	*outcome_of(outcome, op) = (struct outcome_op){ PLAN_DEFER, PLAN_NEXT_OLD, why, error };
}

void outcome_defer_all(
	struct outcome *outcome, const struct plan_op *op, const char *why, int error)
{
	const struct plan *plan = outcome->plan;
	size_t from, to, top = (size_t)(op - plan->op);

	outcome_defer(outcome, op, why, error);
	plan_below(plan, op->path, &from, &to);
	for (size_t i = from; i < to; i++) {
		if (plan->op[i].cover != top)
			continue;
		outcome->op[i].action = PLAN_NOP;
		outcome->op[i].next = PLAN_NEXT_OLD;
	}
}

void outcome_offer(struct outcome *outcome, const struct plan_op *op)
{
	outcome_of(outcome, op)->action = PLAN_SIDE;
	outcome_of(outcome, op)->next = PLAN_NEXT_OLD;
}

void outcome_resolve(struct outcome *outcome, const struct plan_op *op)
{
	const struct plan *plan = outcome->plan;
	size_t from, to, top = (size_t)(op - plan->op);

	outcome->op[top].next = PLAN_NEXT_NEW;
	plan_below(plan, op->path, &from, &to);
	for (size_t i = from; i < to; i++)
		if (plan->op[i].cover == top)
			outcome->op[i].next = plan->op[i].new ? PLAN_NEXT_NEW : PLAN_NEXT_NONE;
}

uint32_t outcome_deferred(const struct outcome *outcome)
{
	uint32_t n = 0;

	for (size_t i = 0; i < outcome->plan->n; i++)
		n += outcome->op[i].action == PLAN_DEFER;
	return n;
}

const char *outcome_label(const struct outcome *outcome, const struct plan_op *op)
{
	return plan_op_label(op, outcome_of(outcome, op)->action);
}
