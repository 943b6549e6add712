/*
 * The tree of files that becomes an initrd, in memory and in the order it is archived in.
 */
#ifndef MKINITRD_HOOK_IMAGE_H
#define MKINITRD_HOOK_IMAGE_H

#include "mkinitrd-hook/image/blob.h"
#include "mkinitrd-hook/image/cpio.h"

struct image {
	size_t n;
	struct cpio_entry *entry; /* names are the image's own, contents are borrowed */
};

/* Add one entry, the name copied from a printf format. Returns 0 or -ENOMEM. */
int image_add(struct image *image, struct cpio_entry entry, const char *name, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Archive the image: sorted by name, so that directories come before what they hold; inodes counted
 * from 1; all with this mtime (seconds since 1970). The same image gives the same bytes. Returns 0
 * or -errno.
 */
int image_archive(struct image *image, uint32_t mtime, struct blob *archive);

/* The same onto a stream, without the archive's end. */
int image_write(struct image *image, uint32_t mtime, FILE *out);

void image_free(struct image *image);

#endif
