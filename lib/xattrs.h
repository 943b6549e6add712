/* All extended attributes of a file or directory, ACLs among them. */
#ifndef LIB_XATTRS_H
#define LIB_XATTRS_H

#include "lib/buf.h"

/*
 * Append them, sorted, so that equal sets give equal bytes. Returns 0 (also where
 * the file system has none), or -errno. The form is private to this module.
 */
int xattrs_read(int fd, struct buf *out);

/* Make those of `to` equal to those of `from`. Returns 0 or -errno. */
int xattrs_copy(int from, int to);

#endif
