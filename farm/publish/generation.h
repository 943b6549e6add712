/* The making of a generation in gen/N.partial. What fails here says so itself. */
#ifndef FARM_GENERATION_H
#define FARM_GENERATION_H

#include "farm/publish/origin.h"
#include "farm/share/store.h"
#include "farm/share/treelist.h"

struct generation_options {
	const char *note, *layout, *in_use_kernel; /* as `share publish` takes them, or NULL */
	bool no_initrd, checksum, strict;
	const char *mkinitrd; /* options of xf-mkinitrd(8), divided by blanks */
	const char *key_path; /* of the key that signs: its public half goes into initrds */
};

struct generation {
	const struct share_store *share;
	const struct generation_options *options;
	const struct signature_key *key;
	uint32_t number, previous; /* previous: the current one, or 0 */
	uint32_t restores;         /* an older one whose tree it has, or 0 */
	int64_t published;

	struct share_name partial;
	int dir;          /* it, open */
	int previous_dir; /* or -1 */
	struct treelist previous_tree;
	struct treelist tree; /* walked once: manifest and flip are made of what was seen then */
	struct buf layout;    /* its text */

	/* Found out meanwhile: */
	bool differs;                   /* from the previous generation, in a file or directory */
	bool unchanged;                 /* nor in the layout: it is not worth a number */
	uint64_t entries;               /* in the manifest */
	uint64_t files, changed, bytes; /* of the tree; those that the previous one has not */
};

/* The next one of the share, to be made by one of the two below. All are kept by their addresses.
 */
struct generation generation_next(const struct share_store *share,
	const struct generation_options *options, const struct signature_key *key);

/*
 * From the source, or from the generation `restores`, to a signed, complete tree on disk. Return 0
 * or -errno. It is left unfinished where it is unchanged.
 */
int generation_make(struct generation *generation, const struct origin *source);
int generation_restore(struct generation *generation);
void generation_free(struct generation *generation);

/*
 * r is what making it returned. If that is 0, make it the current one (window: see flip_apply());
 * if not, or if it is unchanged, remove it. Returns 0, or r, or what failed now.
 */
int generation_finish(
	const struct generation *generation, int r, struct share_store *share, uint64_t *window);

/*
 * Write and sign the manifest of the writeable part, of the tree as it was walked, or from the
 * manifest of the generation `restores`; and the layout and note beside it.
 */
int generation_describe(struct generation *generation);
int generation_describe_again(struct generation *generation);

#endif
