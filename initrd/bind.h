/*
 * Applies a share's layout: bound directories, links, writeable islands.
 */
#ifndef INITRD_BIND_H
#define INITRD_BIND_H

#include "initrd/nfs/mount.h"

/*
 * Apply the bind and link lines of the layout under dir: bound read-only from the share's tree;
 * mount points and links that are missing are made. A directory or file of the administrator's in
 * the place of a link is kept, with a warning. Returns 0, or -errno after fail_note().
 */
int bind_layout(const struct mounted_share *share, const char *dir);

/* The same for the client's root, with the writeable islands mounted inside. */
int bind_root(const struct mounted_share *share);

#endif
