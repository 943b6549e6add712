/*
 * Kernels that are named as Debian names them. Fedora and SUSE have a kernel beside its modules, as
 * usr/lib/modules/V/vmlinuz; boot/vmlinuz-V is then missing, until a boot loader is set up, or a
 * symbolic link.
 */
#ifndef FARM_KERNEL_NAMES_H
#define FARM_KERNEL_NAMES_H

#include "farm/share/treelist.h"

/*
 * In the directory tree, which list is of, make boot/vmlinuz-V a hard link to such a kernel where
 * it is not a file of its own. A symbolic link that is replaced is dropped from the list, and what
 * is made is not in it. Returns 0, or -errno after a message.
 */
int kernel_names_make(int tree, struct treelist *list);

#endif
