/*
 * The physical changes of a plan, in the order in which they are made: what the transaction runs
 * and the journal holds.
 */
#ifndef AGENT_TRANSACTION_CHANGE_H
#define AGENT_TRANSACTION_CHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/manifest/manifest.h"

#define CHANGE_NONE SIZE_MAX

enum change_kind {
	CHANGE_CREATE,  /* nothing may be at path */
	CHANGE_REPLACE, /* what is there goes to the trash */
	CHANGE_REMOVE,  /* to the trash */
	CHANGE_META,    /* in place: owner, mode, attributes */
	CHANGE_KINDS
};

/* Where a file's content comes from. */
enum change_from {
	CHANGE_FROM_SHARE, /* change.source below gen/N */
	CHANGE_FROM_STATE, /* change.source below the state directory */
	CHANGE_FROM_BYTES, /* change.data */
	CHANGE_FROM_LINK,  /* a hard link to change.source below the root */
	CHANGE_FROM_ROOT,  /* change.source below the root */
};

struct change {
	enum change_kind kind;
	size_t number;                       /* its name in the transaction, from 0 */
	bool pending;                        /* path is below STATE/pending, else below the root */
	const char *path;                    /* lives as long as before or after */
	const struct manifest_entry *before; /* what the plan saw there; NULL for CREATE */
	const struct manifest_entry *after;  /* what will be there; NULL for REMOVE */
	size_t within; /* the change for a directory that is built aside with this in it, or
			* CHANGE_NONE
			*/
	size_t op;     /* of the plan, that fails if this does; or CHANGE_NONE */
	unsigned int
		group; /* changes of one group, which follow each other: all are made, or none; 0 */
	enum change_from from;
	const char *source;
	const void *data;
	/* REMOVE and REPLACE of a directory: the list that holds it and all that was seen below. */
	const struct manifest *seen;
	uint64_t ino;  /* inode number of what was staged under its number; 0: nothing was */
	bool deferred; /* by the transaction: nothing was changed */
	int error;     /* why: an errno, or 0 */
	const char *why;
};

struct changes {
	struct change *change;
	size_t n;
};

/* Append a change, which gets the next number; a pointer to it, valid until the next, or NULL
 * without memory. */
struct change *changes_add(struct changes *changes, const struct change *change);
void changes_free(struct changes *changes); /* leaves it empty */

/* Is it of an offer? All others are of ops of the plan. */
bool change_is_offer(const struct change *change);

const char *change_kind_name(enum change_kind kind);

#endif
