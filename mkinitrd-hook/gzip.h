/*
 * gzip (RFC 1952) that depends on the input alone: its header holds no time and no name.
 */
#ifndef MKINITRD_HOOK_GZIP_H
#define MKINITRD_HOOK_GZIP_H

#include "mkinitrd-hook/blob.h"

/* Pack in at level 1 … 9 into a new blob. Returns 0, -ENOMEM, or -EFBIG (4 GiB and more). */
int gzip_pack(const struct blob *in, int level, struct blob *out);

#endif
