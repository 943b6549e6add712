/*
 * A share's layout made true in a tree: bound directories, links, writeable islands.
 */
#ifndef INITRD_BIND_H
#define INITRD_BIND_H

#include "initrd/nfs/mount.h"

/*
 * Make the layout's bind and link lines true under dir: bound read-only from the share's tree,
 * mount points and links made where they lack. Something of the administrator's that is in a link's
 * way (a directory, a file) is left, with a warning. Returns 0, or -errno after fail_note().
 */
int bind_layout(const struct mounted_share *share, const char *dir);

/* The same for the client's root, with the writeable islands kept reachable inside. */
int bind_root(const struct mounted_share *share);

#endif
