/*
 * Unpacks an initrd to a directory, as the kernel would.
 */
#ifndef MKINITRD_HOOK_UNPACK_H
#define MKINITRD_HOOK_UNPACK_H

#include "mkinitrd-hook/image/segments.h"

struct unpack_result {
	size_t skipped;   /* device nodes left out, which only root can make */
	const char *name; /* after an error: the entry */
};

/*
 * Write all entries below the directory, in their order; a later one replaces an earlier one.
 * Nothing outside it is touched: names that lead out, or through a symbolic link, are an error.
 * Owners are set only if we are root. Returns 0, -ELOOP for a name through a link, -EXDEV for one
 * that leads out, or another -errno.
 */
int unpack_tree(const struct segments *segments, int directory, struct unpack_result *result);

#endif
