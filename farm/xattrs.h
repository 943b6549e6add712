/* All extended attributes of a folder, ACLs among them. */
#ifndef FARM_XATTRS_H
#define FARM_XATTRS_H

#include "lib/buf.h"

/*
 * Append them in an order of their own, so that equal sets give equal bytes. Returns 0 (also where
 * the file system has none), or -errno. The form is private to this module.
 */
int xattrs_read(int fd, struct buf *out);

/* Make those of `to` equal to those of `from`. Returns 0 or -errno. */
int xattrs_copy(int from, int to);

#endif
