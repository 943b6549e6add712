/*
 * The tree of files that becomes an initrd, in memory and in the order it is archived in.
 */
#ifndef MKINITRD_HOOK_CPIO_TREE_H
#define MKINITRD_HOOK_CPIO_TREE_H

#include "mkinitrd-hook/image/blob.h"
#include "mkinitrd-hook/image/cpio.h"

struct cpio_tree {
	size_t n;
	struct cpio_entry *entry; /* names are the image's own, contents are borrowed */
};

/* Add one entry, the name copied from a printf format. Returns 0 or -ENOMEM. */
int cpio_tree_add(struct cpio_tree *image, struct cpio_entry entry, const char *name, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Archive the image: sorted by name, so that directories come before what they hold; inodes counted
 * from 1; all with this mtime (seconds since 1970). The same image gives the same bytes. Returns 0
 * or -errno.
 */
int cpio_tree_archive(struct cpio_tree *image, uint32_t mtime, struct blob *archive);

/* The same onto a stream, without the archive's end. */
int cpio_tree_write(struct cpio_tree *image, uint32_t mtime, FILE *out);

void cpio_tree_free(struct cpio_tree *image);

#endif
