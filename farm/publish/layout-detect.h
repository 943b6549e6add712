/* Detect the layout of a tree. */
#ifndef FARM_LAYOUT_DETECT_H
#define FARM_LAYOUT_DETECT_H

#include "lib/buf.h"

/*
 * Append the layout of the tree below root: bound are usr, boot and opt unless they are empty, the
 * directories of a split /usr (bin, lib, …) and the package databases; symbolic links into usr are
 * linked; usr/local is a writeable island. Returns 0 or -errno.
 */
int layout_detect(int root, struct buf *out);

#endif
