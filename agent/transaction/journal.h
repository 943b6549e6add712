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

/* NUMBER as text: of a change, and the name of its file in the transaction's directory. */
struct journal_number {
	char text[16];
};
struct journal_number journal_number(size_t number);

/* What is written of a change, and what became of it. */
struct journal_record {
	enum change_kind kind;
	size_t number; /* its index among the changes */
	bool pending;  /* path is below STATE/pending, else below the root */
	bool inside;   /* made with the directory that holds it: nothing else is said of it */
	unsigned int group;
	const char *path;
	/* Of the journal's entries, with this client's numbers of owners; NULL as in the change. */
	const struct manifest_entry *before, *after;
	uint64_t ino;  /* inode number of what was staged; 0: nothing was */
	bool deferred; /* nothing was changed */
	int error;     /* why: an errno, or 0 */
	const char *why;
};

struct journal {
	uint32_t from, to; /* generations */
	bool undo;         /* it is a rollback: */
	uint32_t undoes;   /* of SERIAL; 0: not known */
	struct volumes volumes;
	struct manifest *entries;
	char *text; /* of a journal that was read: the paths lie in it */
	struct journal_record *record;
	size_t n;
};

/*
 * Fill in the records of a journal, whose other members are set, for these changes, and append its
 * texts to *text and *encoded. Owners are resolved to this client's numbers. The paths are those of
 * the changes, which have to live longer. Returns 0 or -errno.
 */
int journal_encode(struct journal *journal, const struct changes *changes, const struct ids *owners,
	struct buf *text, struct buf *encoded);

/*
 * Parse: no I/O. Takes text (n bytes, text[n] writeable) and entries over. Returns 0, -EBADMSG or
 * -ENOMEM.
 */
int journal_parse(char *text, size_t n, struct manifest *entries, struct journal *journal);

/*
 * What dir, a transaction's directory, holds, with the records' ino and deferred as far as the
 * transaction came. Returns 0; -ENOENT: there is no journal; -EBADMSG; or -errno.
 */
int journal_read(int dir, struct journal *journal);
void journal_free(struct journal *journal);

/* The marks, which survive a power cut when they are written. Return 0 or -errno. */
int journal_mark_staged(int dir, const struct journal *journal);
int journal_mark_made(int dir, const struct journal *journal);

#endif
