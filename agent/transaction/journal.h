/*
 * The journal of one transaction: what it is going to do, written before it begins, and afterwards
 * the record by which it can be undone (docs/reconcile.md, "the transaction"). In the transaction's
 * directory:
 *
 *	journal              xenfarm-journal 1 FROM TO [undo SERIAL]
 *	                     volume PLACE 00000000 TOP   for each file system, see volume.h
 *	                     KIND PLACE NUMBER PATH      for each change
 *	entries.mtree.gz     a manifest: NUMBER.before and NUMBER.after of the changes, and below
 *	                     NUMBER.before what a directory held that is removed or replaced
 *	staged               NUMBER INODE for each change that something was staged for, or NUMBER -
 *	                     if that was not possible: from here on the changes are made
 *	made                 the NUMBERs of the changes that were not made, a line each: the others
 *	                     are, and from here on the records are brought up to date
 *
 * PLACE of a volume is state for that of the state directory, else root; without any, all is on
 * that one. KIND is create, replace, remove, meta, or inside, for what is created with the
 * directory that holds it; PLACE is root or pending, root.GROUP for a change of a group; FROM and
 * TO are generations; undo is that of a rollback, which undoes the record SERIAL. The first fill of
 * a client, which cannot be undone, does without inside.
 */
#ifndef AGENT_TRANSACTION_JOURNAL_H
#define AGENT_TRANSACTION_JOURNAL_H

#include "agent/transaction/change.h"
#include "agent/transaction/volume.h"
#include "lib/buf.h"
#include "lib/ids.h"

#define JOURNAL_BYTES_MAX (1u << 30)

/* NUMBER as text: of the change, and the name of its file in the transaction's directory. */
struct change_name {
	char text[16];
};
struct change_name change_name(size_t number);

struct journal {
	uint32_t from, to;
	bool undo;
	uint32_t undoes; /* SERIAL; 0: not known */
	struct volumes volumes;
	struct manifest *entries;
	char *text; /* the changes' paths lie in it */
	struct changes
		changes; /* in order; change.op is its number, too, change.within 0 for inside */
};

/*
 * The journal's entries and both texts (appended to *text and *encoded) for these changes. Owners
 * are resolved to this client's numbers. *entries is the caller's to free. Returns 0 or -errno.
 */
int journal_encode(const struct journal *head, const struct changes *changes,
	const struct ids *owners, struct manifest **entries, struct buf *text, struct buf *encoded);

/* Parse: no I/O. Takes text (n bytes, text[n] writeable) and entries over. 0, -EBADMSG or -ENOMEM.
 */
int journal_parse(char *text, size_t n, struct manifest *entries, struct journal *journal);

/*
 * What dir, a transaction's directory, holds, with the changes' ino and deferred as far as the
 * transaction came. 0; -ENOENT: there is no journal; -EBADMSG; or -errno.
 */
int journal_read(int dir, struct journal *journal);
void journal_free(struct journal *journal);

/* The marks, which survive a power cut when they are written. Return 0 or -errno. */
int journal_mark_staged(int dir, const struct changes *changes);
int journal_mark_made(int dir, const struct changes *changes);

#endif
