/*
 * The physical changes of a plan, in the order in which they are made: what the transaction runs
 * and the journal holds.
 */
#ifndef AGENT_STEP_H
#define AGENT_STEP_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/manifest/manifest.h"

#define STEP_NONE SIZE_MAX

enum step_kind {
	STEP_CREATE,  /* nothing may be at path */
	STEP_REPLACE, /* what is there goes to the trash */
	STEP_REMOVE,  /* to the trash */
	STEP_META,    /* in place: owner, mode, attributes */
	STEP_KINDS
};

/* Where a file's content comes from. */
enum step_from {
	FROM_SHARE, /* step.source below gen/N */
	FROM_STATE, /* step.source below the state directory */
	FROM_BYTES, /* step.data */
	FROM_LINK,  /* a hard link to step.source below the root */
	FROM_ROOT,  /* step.source below the root */
};

struct step {
	enum step_kind kind;
	size_t number;                       /* its name in the transaction, from 0 */
	bool pending;                        /* path is below STATE/pending, else below the root */
	const char *path;                    /* lives as long as before or after */
	const struct manifest_entry *before; /* what the plan saw there; NULL for CREATE */
	const struct manifest_entry *after;  /* what will be there; NULL for REMOVE */
	size_t within; /* the step for a directory that is built aside with this in it, or STEP_NONE
			*/
	size_t op;     /* of the plan, that fails if this does; or STEP_NONE */
	unsigned int
		group; /* steps of one group, which follow each other: all are made, or none; 0 */
	enum step_from from;
	const char *source;
	const void *data;
	/* REMOVE and REPLACE of a directory: the list that holds it and all that was seen below. */
	const struct manifest *seen;
	uint64_t ino;  /* inode number of what was staged under its number; 0: nothing was */
	bool deferred; /* by the transaction: nothing was changed */
	int error;     /* why: an errno, or 0 */
	const char *why;
};

struct steps {
	struct step *step;
	size_t n;
};

/* Append a step, which gets the next number; a pointer to it, valid until the next, or NULL without
 * memory. */
struct step *steps_add(struct steps *steps, const struct step *step);
void steps_free(struct steps *steps); /* leaves it empty */

/* Is it of an offer? All others are of ops of the plan. */
bool step_is_offer(const struct step *step);

const char *step_kind_name(enum step_kind kind);

#endif
