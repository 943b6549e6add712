/*
 * A transaction makes all changes of a run, and may be interrupted anywhere (docs/reconcile.md,
 * "the transaction"). It is a redo log in STATE/transaction:
 *
 * transaction_stage() writes everything that will be needed, whole and synced: the journal, the new
 * files under the numbers of their changes, the records as they will be. Until its last act, the
 * mark "staged", nothing is changed. transaction_commit() then makes the changes: each new file is
 * moved or exchanged into its place. What it replaced is left under the same number, so that no
 * program ever sees a half-written or foreign name in its directory, and is checked: if it is not
 * what the plan saw, it is put back and the change is deferred. Then the records are put in place,
 * and the directory becomes the rollback copy STATE/trash/SERIAL.
 *
 * After a kill transaction_recover() calls the same transaction_commit() on what it reads from the
 * directory. The inode under a number says what was done: if it is the one that was staged, which
 * the mark "staged" names, its change is not made yet; another one was replaced.
 */
#ifndef AGENT_TRANSACTION_TRANSACTION_H
#define AGENT_TRANSACTION_TRANSACTION_H

#include <stdint.h>

#include "agent/share/share-reader.h"
#include "agent/transaction/change.h"
#include "agent/transaction/journal.h"
#include "agent/transaction/records.h"
#include "lib/ids.h"

struct transaction {
	int root, state;
	/*
	 * What it does. For transaction_stage() the caller sets from, to, undo and undoes: the
	 * record SERIAL that a rollback undoes is removed if nothing of it is deferred. The rest
	 * follows from the changes, or after a kill is read.
	 */
	struct journal journal;
	const struct changes *changes; /* what is to be staged */
	const struct ids *owners;
	struct share_reader *reader;  /* for CHANGE_FROM_SHARE */
	const struct manifest *local; /* says where other file systems are mounted */
	struct records records;       /* as they will be when every change is made */
	/* The content of a file of records.base that no change brings. Returns 0 or -errno. */
	int (*content)(void *arg, const struct manifest_entry *e, struct buf *out);
	void *arg;
	void (*progress)(uint64_t files, uint64_t bytes); /* may be NULL */
	/* Set on failure: what it was about. */
	const char *failed_path; /* NULL: the state directory itself */
	const char *failed_what; /* static text */
	/* --- its own --- */
	int dir, pending; /* fds, while it runs; else -1 */
	bool recovers;    /* after a kill: others may have changed files since it was staged */
};

/*
 * Stage everything. Returns 0, or -errno with nothing changed and nothing left behind: -EBADMSG: a
 * file is not what the manifest says; -EREMOTEIO: the share could not be read; -ENOSPC, ….
 */
int transaction_stage(struct transaction *t);

/*
 * After a successful stage: make the changes, and the records of them. Changes that could not be
 * made are marked deferred, and records.status is what it became. Returns 0, or -errno if it has to
 * be finished by transaction_recover(): nothing is lost.
 */
int transaction_commit(struct transaction *t);

/* After either, in any case. */
void transaction_free(struct transaction *t);

/*
 * Finish what a killed run left behind, or discard it if it had not begun to change anything.
 * Returns 1 if it was finished (t->journal says what was made), 0 if there is nothing left,
 * or -errno as transaction_commit(). Free t in any case.
 */
int transaction_recover(int root, int state, struct transaction *t);

/*
 * Has a transaction begun to change files, and is not finished? Of another process, or interrupted.
 */
bool transaction_is_unfinished(int state);

/* --- used by its parts --- */

#define TRANSACTION_DIR "transaction"

/* The directory of a change's path, made if it is in pending, and the path's name in it. An fd, or
 * -errno. */
int transaction_parent(
	const struct transaction *t, const struct journal_record *record, const char **name);

/* The directory where what is staged or replaced by a change lies under its number: an fd that
 * stays the transaction's. */
int transaction_objects(const struct transaction *t, const struct journal_record *record);

/* syncfs(2) of each file system that it has to do with. Returns 0 or -errno. */
int transaction_sync(struct transaction *t);

/* Open STATE/transaction and STATE/pending. Returns 0 or -errno. */
int transaction_open(struct transaction *t);

/* Remove one that has not begun, or has nothing left to do. Returns 0 or -errno. */
int transaction_discard(struct transaction *t);

/* When the records are written: the directory becomes the rollback copy. Returns 0 or -errno. */
int transaction_close(struct transaction *t);

/* Set failed_path and failed_what; returns r. */
int transaction_failed(struct transaction *t, const char *path, const char *what, int r);

#endif
