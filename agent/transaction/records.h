/*
 * What the state directory says of a client: base, conflicts, status, the applied manifest. A
 * transaction stages them as they will be when every change is made. Afterwards the deferred
 * changes are taken out of them, and they are put in place, the base last.
 */
#ifndef AGENT_TRANSACTION_RECORDS_H
#define AGENT_TRANSACTION_RECORDS_H

#include "agent/merge/conflicts.h"
#include "agent/plan/next-base.h"
#include "agent/run/state.h"
#include "agent/transaction/journal.h"

struct records {
	struct manifest *base; /* the caller's to free */
	const struct conflicts *conflicts;
	struct state_status status; /* conflicts is counted by records_encode() */
	const char *fetched; /* STATE_NEXT or STATE_NEXT_DELTA, of the manifest; NULL: none */
};

/* As they will be written. */
struct records_encoded {
	struct buf base, conflicts, status;
};

/* Returns 0 or -errno. Free what is in encoded in any case. */
int records_encode(struct records *records, struct records_encoded *encoded);
void records_encoded_free(struct records_encoded *encoded);

/*
 * Write them to "next" in dir, the transaction's directory, and link the base as it is now there:
 * "base". Not synced. Returns 0 or -errno.
 */
int records_stage(
	int state, int dir, const struct records *records, const struct records_encoded *encoded);

/*
 * Of what records_stage() wrote to dir: each to its place in the state directory, less the
 * journal's changes that are deferred. Can be cut off anywhere, and done again. *status is what it
 * says then. Returns 0 or -errno.
 */
int records_settle(int state, int dir, const struct journal *journal, struct state_status *status);

/*
 * --- part, here to be tested ---
 *
 * What next_base_without() has to leave out of the base: the paths of the deferred changes, into
 * undone, which has room for all. Returns how many. Of offers the base says nothing.
 */
size_t records_undone(const struct journal *journal, struct next_base_undone *undone);

#endif
