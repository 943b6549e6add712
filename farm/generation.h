/* The making of a generation in gen/N.partial. What fails here says so itself. */
#ifndef FARM_GENERATION_H
#define FARM_GENERATION_H

#include "farm/source.h"
#include "farm/tree.h"
#include "farm/xenfarm.h"

struct generation {
	const struct context *context;
	const struct share *share;
	const struct signature_key *key;
	uint32_t number, previous; /* previous: the current one, or 0 */
	int64_t published;

	struct share_name partial;
	int dir;          /* it, open */
	int previous_dir; /* or -1 */
	struct tree previous_tree;
	struct tree tree;
	struct buf layout; /* its text */

	/* Found out meanwhile: */
	bool differs;                   /* the previous generation is not equal to this one */
	uint64_t entries;               /* in the manifest */
	uint64_t files, changed, bytes; /* of the tree; those that the previous one has not */
};

/* Starts as {0}. From the source to a signed, complete tree on disk. Returns 0, -EALREADY (without
 * a message) if it would be equal to the previous generation, or another -errno. */
int generation_make(struct generation *generation, const struct source *source);
void generation_free(struct generation *generation);

/* Write and sign the manifest of the writeable part, and the layout and note beside it. */
int generation_describe(struct generation *generation);

#endif
