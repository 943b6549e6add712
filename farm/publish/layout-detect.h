/* A layout for a tree, found by looking at it. */
#ifndef FARM_LAYOUT_DETECT_H
#define FARM_LAYOUT_DETECT_H

#include "lib/buf.h"

/*
 * Append the layout of the tree below root: bound are usr, boot and opt where they hold something,
 * the directories of a split /usr (bin, lib, …) and the package databases; links that lead into usr
 * are linked; usr/local is an island. Returns 0 or -errno.
 */
int layout_detect(int root, struct buf *out);

#endif
