/*
 * An initrd as the kernel reads it (init/initramfs.c, unpack_to_rootfs()): segments one after the
 * other, each a cpio archive or compressed archives, with zeros between them. A later file replaces
 * an earlier one of the same name. Early microcode is a first segment that is not compressed.
 */
#ifndef MKINITRD_HOOK_SEGMENTS_H
#define MKINITRD_HOOK_SEGMENTS_H

#include "mkinitrd-hook/image/blob.h"
#include "mkinitrd-hook/image/codec.h"
#include "mkinitrd-hook/image/cpio.h"

#define SEGMENTS_MAX          64
#define SEGMENTS_IMAGE_MAX    (1u << 30) /* bytes of an initrd, packed */
#define SEGMENTS_UNPACKED_MAX (2u << 30) /* bytes of all its segments, unpacked */

/* Bytes that an image of that size may unpack to: modules and programs are packed to about a fifth.
 */
size_t segments_limit(size_t image);

struct segment {
	size_t offset, size;       /* bytes in the image */
	const struct codec *codec; /* NULL: not compressed */
	struct blob content;       /* unpacked; points into the image where it is not compressed */
};

struct segments {
	size_t n;
	struct segment segment[SEGMENTS_MAX];
	/* After an error: what is wrong, where in the image, and where in what a segment unpacks
	 * to (or -1). */
	const char *what; /* static text */
	size_t at;
	long long inner;
};

/*
 * Split an image into segments, reading every archive to its end; the image must outlive *segments.
 * Returns 0, or -errno with what, at and inner set: -EBADMSG for damage and for what the kernel
 * would not accept, -EFBIG for more than limit bytes unpacked. segments_free() in both cases.
 */
int segments_read(const struct blob *image, size_t limit, struct segments *segments);

void segments_free(struct segments *segments);

/* A reader of a segment's entries. */
struct cpio_reader segments_reader(const struct segment *segment);

#endif
