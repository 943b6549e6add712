/* Making a generation in gen/N.partial. Errors are printed here. */
#ifndef FARM_GENERATION_H
#define FARM_GENERATION_H

#include "farm/publish/origin.h"
#include "farm/share/store.h"
#include "farm/share/treelist.h"

struct generation_options {
	const char *channel; /* that is brought to it; NULL: none is, it is staged */
	const char *note, *layout, *in_use_kernel; /* options of `share publish`, or NULL */
	bool no_initrd, checksum, strict;
	const char *mkinitrd; /* options of xf-mkinitrd(8), separated by blanks */
	const char *key_path; /* of the private key; its public half, PATH.pub, goes into initrds */
};

struct generation {
	const struct share_store *share;
	const struct generation_options *options;
	const struct signature_key *key;
	uint32_t number, previous; /* previous: the newest one; of a rollback, that of the channel;
				    * or 0 */
	uint32_t restores;         /* an older one whose tree it has, or 0 */
	int64_t published;

	struct share_name partial;
	int dir;          /* partial, open */
	int previous_dir; /* or -1 */
	struct treelist previous_tree;
	struct treelist tree; /* walked once; manifest and flip are made of it */
	struct buf layout;    /* its text */

	/* Results: */
	bool differs;                   /* from the previous generation, in the tree */
	bool unchanged;                 /* equal to the previous generation, layout included */
	uint64_t entries;               /* in the manifest */
	uint64_t files, changed, bytes; /* files in the tree; those not in the previous one, and
					   their size on disk */
};

/* The next generation of the share. The arguments have to be valid as long as it. */
struct generation generation_next(const struct share_store *share,
	const struct generation_options *options, const struct signature_key *key);

/*
 * Make the tree and its signed manifest, from source or from the generation `restores`; no manifest
 * is made if it is unchanged. Return 0 or -errno.
 */
int generation_make(struct generation *generation, const struct origin *source);
int generation_restore(struct generation *generation);
void generation_free(struct generation *generation);

/*
 * r is the result of one of these. If it is 0, bring the channel to the generation, or stage it
 * (window: see flip_apply()); if not, or if it is unchanged, remove it. An unchanged one leaves the
 * channel at the previous generation. Returns 0, r, or another -errno.
 */
int generation_finish(
	const struct generation *generation, int r, struct share_store *share, uint64_t *window);

/*
 * Write and sign the manifest of the writeable part, from the tree or from the manifest of the
 * generation `restores`, and write layout and note. Return 0 or -errno.
 */
int generation_describe(struct generation *generation);
int generation_describe_again(struct generation *generation);

#endif
