/*
 * An initrd of another tool with our files in it: its init kept beside ours, to be put back by
 * xf-init when the machine is no client.
 */
#ifndef MKINITRD_HOOK_EXCHANGE_H
#define MKINITRD_HOOK_EXCHANGE_H

#include "mkinitrd-hook/image/cpio-tree.h"
#include "mkinitrd-hook/image/index.h"
#include "mkinitrd-hook/image/segments.h"

#define EXCHANGE_KEPT ".orig" /* added to the name of what is kept */

/* These of the initrd's own are kept, as xf-init must have its own: paths from the root. */
#define EXCHANGE_NAMES 3
extern const char *const exchange_names[EXCHANGE_NAMES];

struct exchange {
	const struct blob *image; /* the initrd, its segments and its index */
	const struct segments *segments;
	const struct initrd_index *index;
	const struct cpio_tree *ours; /* what goes in; /init must be one of its files */
	uint32_t mtime;               /* of ours */
	bool as_it_was; /* packed as the segment was; else by codec (NULL: not at all) */
	const struct codec *codec;
	int level;
};

/*
 * Put ours into the segment that holds the initrd's init. Where the initrd has directories or links
 * that lead to them, they are used; where it has a shell, that is kept. Other segments keep their
 * bytes, and none moves. Files of ours from an earlier time are replaced. *unpacked is the length
 * of all segments. Returns 0, -ENOENT if there is no init, or another -errno.
 */
int exchange_make(const struct exchange *exchange, struct blob *out, size_t *unpacked);

#endif
