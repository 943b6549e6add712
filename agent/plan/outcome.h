/*
 * The outcome of a plan. It begins as the plan, and records what differs when changes are prepared
 * and made: a merge that has conflicts, a path that is deferred, an offer that the administrator
 * has resolved.
 */
#ifndef AGENT_PLAN_OUTCOME_H
#define AGENT_PLAN_OUTCOME_H

#include "agent/plan/plan.h"

struct outcome_op {
	enum plan_action action;
	enum plan_next next;
	const char *why; /* DEFER, KEEP_ORPHAN: static text, or NULL */
	int error;       /* DEFER: an errno that goes with it, or 0 */
};

struct outcome {
	const struct plan *plan;
	struct outcome_op *op; /* of the plan's op of the same index */
};

/* False without memory. The plan has to live longer; op is freed by outcome_free(). */
bool outcome_begin(struct outcome *outcome, const struct plan *plan);
void outcome_free(struct outcome *outcome);

/* That of an op of the plan. */
static inline struct outcome_op *outcome_of(const struct outcome *outcome, const struct plan_op *op)
{
	return &outcome->op[op - outcome->plan->op];
}

/* The op is deferred. why is static text. */
void outcome_defer(struct outcome *outcome, const struct plan_op *op, const char *why, int error);

/* The op is deferred with all that it covers, of which nothing was done. */
void outcome_defer_all(
	struct outcome *outcome, const struct plan_op *op, const char *why, int error);

/* The merge has conflicts: the new version is offered. */
void outcome_offer(struct outcome *outcome, const struct plan_op *op);

/* The conflict is resolved: the next base has the new version, also of what the op covers. */
void outcome_resolve(struct outcome *outcome, const struct plan_op *op);

/* How many ops are deferred. */
uint32_t outcome_deferred(const struct outcome *outcome);

/* Of an op of the plan: see plan_op_label(). */
const char *outcome_label(const struct outcome *outcome, const struct plan_op *op);

#endif
