/* Carrying out the changes of a run: the transaction, and the records that follow from it. */
#ifndef AGENT_RUN_APPLY_H
#define AGENT_RUN_APPLY_H

#include "agent/run/changes.h"
#include "agent/transaction/transaction.h"

/*
 * Make the changes, and write what follows from them: base, conflicts, status. Then run->status is
 * the new one, and the outcome, the conflicts and what was made are in changes.
 */
enum agent_status run_apply(
	struct run *run, const struct run_inputs *in, struct run_changes *changes);

/* Say that a transaction could not be finished, and why. */
enum agent_status run_not_finished(const struct transaction *t, int r);

#endif
