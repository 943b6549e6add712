/* The changes of a run: from the plan to a transaction, and its outcome. */
#ifndef AGENT_RUN_CHANGES_H
#define AGENT_RUN_CHANGES_H

#include "agent/plan/outcome.h"
#include "agent/run/run.h"
#include "agent/transaction/change.h"
#include "agent/transaction/journal.h"
#include "lib/ids.h"

struct run_changes {
	struct plan *plan;
	struct outcome outcome;     /* of the plan */
	struct changes changes;     /* that carry it out */
	struct conflicts conflicts; /* pending afterwards */
	struct ids *owners;         /* by what the account files will be */
	struct journal made;        /* of the transaction: what was made */
	/*
	 * Contents that were read for a merge, and are kept for the next: they are not read again.
	 */
	struct run_content {
		const struct manifest_entry *entry; /* of new */
		const void *data;
	} * content;
	size_t n_content;
};

/* resolve --merge: the text that was made of both. */
struct run_merged {
	const char *path; /* NULL: none */
	struct buf text;  /* is taken over */
};

/*
 * Prepare what the plan says: installs, merges, account entries, offers. The plan is taken over.
 * Free in any case.
 */
enum agent_status run_prepare(const struct run *run, const struct run_inputs *in, struct plan *plan,
	struct run_merged *merged, struct run_changes *changes);
void run_changes_free(struct run_changes *changes);

/* --- parts; they return 0 or -errno --- */

/* Replace op's file: bytes, which are taken over, are its content; like has its metadata. */
int run_changes_add_bytes(struct run_changes *changes, const struct plan_op *op,
	const struct manifest_entry *like, struct buf *bytes, unsigned int group);

/* Keep the content of an entry of new; bytes are taken over. */
int run_changes_keep_content(
	struct run_changes *changes, const struct manifest_entry *entry, struct buf *bytes);

/* Append the content that was kept of such an entry to *out. Returns 0, -ENOENT or -ENOMEM. */
int run_changes_content(
	const struct run_changes *changes, const struct manifest_entry *entry, struct buf *out);

/* accounts.c: those of account files, entry by entry; and the owners. */
int run_changes_add_accounts(
	const struct run *run, const struct run_inputs *in, struct run_changes *changes);

#endif
