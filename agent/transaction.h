/*
 * A transaction makes all steps of a plan, and can be cut off anywhere (docs/reconcile.md, "the
 * transaction").
 *
 * New files are staged, whole and synced, in STATE/transaction, under their steps' numbers. Then
 * each is moved or exchanged into its place; what an exchange displaced is left under the same
 * number, so that no program ever sees a half-written or foreign name in its folder, and the folder
 * becomes the rollback copy by being renamed to STATE/trash/SERIAL. What was displaced is looked at
 * again: if it is not what the plan saw, it is put back and the step is deferred.
 */
#ifndef AGENT_TRANSACTION_H
#define AGENT_TRANSACTION_H

#include <stdint.h>

#include "agent/owners.h"
#include "agent/source.h"
#include "agent/step.h"

struct transaction {
	int root, state;
	uint32_t from, to; /* generations */
	bool undo;         /* it is a rollback */
	struct steps *steps;
	const struct owners *owners;
	struct source *source;                            /* for FROM_SHARE */
	void (*progress)(uint64_t files, uint64_t bytes); /* may be NULL */
	/* Set on failure: what it was about. */
	const char *failed_path; /* NULL: the state folder itself */
	const char *failed_what; /* static text */
	int dir, pending;        /* fds, while it runs */
};

/*
 * Stage everything. Returns 0, or -errno with nothing changed and nothing left behind: -EBADMSG:
 * a file is not what the manifest says; -EREMOTEIO: the share could not be read; -ENOSPC, ….
 */
int transaction_stage(struct transaction *t);

/*
 * After a successful stage: make the changes. Steps that could not be made are marked deferred.
 * Returns 0, or -errno if the file system refuses to sync.
 */
int transaction_apply(struct transaction *t);

/*
 * After apply, when base and records are written: the folder becomes the rollback copy. With an
 * empty plan nothing of all this is needed. Returns 0 or -errno.
 */
int transaction_close(struct transaction *t);

/*
 * Bring what a killed run left behind to a state in which every step was made or not made, and
 * close it. Returns 1 if there was something, 0 if not, or -errno.
 */
int transaction_recover(int root, int state, const struct owners *owners);

/* Numbers of the records in STATE/trash, ascending; *serial is the caller's to free. 0 or -errno.
 */
int transaction_records(int state, uint32_t **serial, size_t *n);

/* --- used by its parts --- */

#define TRANSACTION_DIR "transaction"

/* The folder of a step's path, made if it is in pending, and the path's name in it. An fd, or
 * -errno.
 */
int transaction_parent(int root, int pending, const struct step *step, const char **name);

/* Rename STATE/transaction to the next STATE/trash/SERIAL, synced. Returns 0 or -errno. */
int transaction_keep(int state);

#endif
