/* The next base: what a client has taken when a run is done. */
#ifndef AGENT_PLAN_NEXT_BASE_H
#define AGENT_PLAN_NEXT_BASE_H

#include "agent/plan/outcome.h"

/*
 * The base that follows from the outcome of a plan. It refers to the entries of the plan's input.
 * NULL without memory.
 */
struct manifest *next_base_make(const struct outcome *outcome, const struct manifest_head *head);

/* A path whose change was not made. */
struct next_base_undone {
	const char *path;
	bool only; /* only this path, not what lies below it: a change of metadata */
};

/* next, but with what old has of n paths that were not made. It refers to the entries of both. NULL
 * without memory. */
struct manifest *next_base_without(const struct manifest *next, const struct manifest *old,
	const struct next_base_undone *undone, size_t n);

#endif
