/*
 * Puts our files into an initrd of another tool. Its init is kept beside ours, and xf-init restores
 * it when the machine is not a client.
 */
#ifndef MKINITRD_HOOK_EXCHANGE_H
#define MKINITRD_HOOK_EXCHANGE_H

#include "mkinitrd-hook/image/cpio-tree.h"
#include "mkinitrd-hook/image/index.h"
#include "mkinitrd-hook/image/segments.h"

#define EXCHANGE_KEPT ".orig" /* added to the name of what is kept */

/* These files of the initrd are kept under another name, as xf-init needs its own: paths from the
 * root. */
#define EXCHANGE_NAMES 3
extern const char *const exchange_names[EXCHANGE_NAMES];

struct exchange {
	const struct blob *image; /* the initrd, its segments and its index */
	const struct segments *segments;
	const struct initrd_index *index;
	const struct cpio_tree *ours; /* what goes in; /init must be one of its files */
	uint32_t mtime;               /* of ours */
	bool as_it_was; /* packed as the segment was; otherwise by codec (NULL: not packed) */
	const struct codec *codec;
	int level;
};

/*
 * Put ours into the segment that holds the initrd's init. Directories of the initrd, and links to
 * them, are used; a shell of its own is kept. Other segments keep their bytes and their order.
 * Files of ours from an earlier exchange are replaced. *unpacked is the length of all segments.
 * Returns 0, -ENOENT if there is no init, or another -errno.
 */
int exchange_make(const struct exchange *exchange, struct blob *out, size_t *unpacked);

#endif
