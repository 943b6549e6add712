/*
 * The files that become an initrd, in memory.
 */
#ifndef MKINITRD_HOOK_CPIO_TREE_H
#define MKINITRD_HOOK_CPIO_TREE_H

#include "mkinitrd-hook/image/blob.h"
#include "mkinitrd-hook/image/cpio.h"

struct cpio_tree {
	size_t n;
	struct cpio_entry *entry; /* names are the tree's own, contents are borrowed */
};

/* Add one entry, the name copied from a printf format. Returns 0 or -ENOMEM. */
int cpio_tree_add(struct cpio_tree *tree, struct cpio_entry entry, const char *name, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Archive the files: sorted by name, so that directories come before what they hold; inodes counted
 * from 1; all with this mtime (seconds since 1970). The same files give the same bytes. Returns 0
 * or -errno.
 */
int cpio_tree_archive(struct cpio_tree *tree, uint32_t mtime, struct blob *archive);

/* The same, appended, without the end of the archive. */
int cpio_tree_write(struct cpio_tree *tree, uint32_t mtime, struct buf *out);

void cpio_tree_free(struct cpio_tree *tree);

#endif
