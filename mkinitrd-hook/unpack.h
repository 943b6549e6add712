/*
 * Compressed kernel modules: NAME.ko.gz, .xz, .zst.
 */
#ifndef MKINITRD_HOOK_UNPACK_H
#define MKINITRD_HOOK_UNPACK_H

#include "mkinitrd-hook/blob.h"

/*
 * The length of a file's name without the suffix that says how the file is compressed; the whole
 * name's length where there is none.
 */
size_t unpack_stem(const char *name);

/*
 * Replace *blob by what it unpacks to, going by the suffix of name; nothing is done without one.
 * Returns 0, -EBADMSG if the data is damaged, -EFBIG if it unpacks to more than limit bytes,
 * -ENOMEM; *blob is untouched after an error.
 */
int unpack(const char *name, size_t limit, struct blob *blob);

/*
 * One decoder for each way: unpack all of in into out. Returns the bytes made, -ENOBUFS where room
 * is too small, -EBADMSG, or -ENOMEM.
 */
typedef ssize_t unpack_fn(const struct blob *in, void *out, size_t room);
unpack_fn unpack_zlib, unpack_xz, unpack_zstd;

#endif
