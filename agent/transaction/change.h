/* The physical changes of a run, in the order in which they are made: what a transaction stages. */
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
	CHANGE_FROM_SHARE, /* source below gen/N */
	CHANGE_FROM_STATE, /* source below the state directory */
	CHANGE_FROM_BYTES, /* data */
	CHANGE_FROM_LINK,  /* a hard link to source below the root */
	CHANGE_FROM_ROOT,  /* source below the root */
};

struct change {
	enum change_kind kind;
	bool pending;                        /* path is below STATE/pending, else below the root */
	const char *path;                    /* lives as long as before or after */
	const struct manifest_entry *before; /* what the plan saw there; NULL for CREATE */
	const struct manifest_entry *after;  /* what will be there; NULL for REMOVE */
	size_t within; /* index of the change for a directory that is built aside with this in it,
			  or CHANGE_NONE */
	size_t op;     /* index of the plan's op, which fails if this does, or CHANGE_NONE */
	unsigned int group; /* changes of one group follow each other, and all are made or none; 0:
			       of no group */
	enum change_from from;
	const char *source;
	const void *data;
	/* REMOVE and REPLACE of a directory: the list that holds it and all that was seen below. */
	const struct manifest *seen;
};

/* A list, and what was made for it. */
struct changes {
	struct change *change;
	size_t n;
	struct manifest *entries; /* NULL: none yet */
	struct buf *bytes;
	size_t n_bytes;
};

/* Append a copy. False without memory. */
bool changes_add(struct changes *changes, const struct change *change);
void changes_free(struct changes *changes); /* leaves it empty */

/* A copy of an entry, for before and after, that lives as long as the list. NULL without memory. */
struct manifest_entry *changes_entry(struct changes *changes, const struct manifest_entry *entry);

/* Take bytes over, whose data lives as long as the list. False without memory. */
bool changes_keep(struct changes *changes, struct buf *bytes);

const char *change_kind_name(enum change_kind kind);

#endif
