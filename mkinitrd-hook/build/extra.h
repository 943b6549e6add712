/*
 * What the administrator adds to an initrd: a tree of files, and the firmware of its modules.
 */
#ifndef MKINITRD_HOOK_EXTRA_H
#define MKINITRD_HOOK_EXTRA_H

#include "mkinitrd-hook/build/initrd.h"

#define EXTRA_BYTES_MAX (256u << 20) /* one file */

/*
 * Add the files, directories and links below dir by the names that they have there. It is an error
 * if one is in the initrd already, except for a directory. Returns 0, or -errno after a message.
 */
int extra_tree(const char *dir, struct initrd *initrd);

/*
 * Add the firmware that the modules name and that root has, compressed or not as it is there, below
 * lib/firmware; what is missing is reported and left out. Returns 0, or -errno after a message.
 */
int extra_firmware(const char *root, struct initrd *initrd);

#endif
