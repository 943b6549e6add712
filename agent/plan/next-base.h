/* The next base: what a client has taken when a run is done. */
#ifndef AGENT_PLAN_NEXT_BASE_H
#define AGENT_PLAN_NEXT_BASE_H

#include "agent/plan/outcome.h"

/* Of what a plan comes to: it refers to the entries of the plan's input. NULL without memory. */
struct manifest *next_base_make(const struct outcome *outcome, const struct manifest_head *head);

/* A path that was not made after all. */
struct next_base_undone {
	const char *path;
	bool only; /* what lies below it was made: it is of metadata */
};

/* next, but with what old has of n paths that were not made. It refers to the entries of both. NULL
 * without memory. */
struct manifest *next_base_without(const struct manifest *next, const struct manifest *old,
	const struct next_base_undone *undone, size_t n);

#endif
