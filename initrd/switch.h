/*
 * The last step: from the initramfs into the real root, like klibc's run-init.
 */
#ifndef INITRD_SWITCH_H
#define INITRD_SWITCH_H

#include <stdbool.h>

/*
 * Find the init to run in dir: wanted if not empty, else the kernel's own list. Links are followed
 * as they will be after the switch. Returns a path, or NULL after fail_note().
 */
const char *switch_find_init(const char *dir, const char *wanted);

/* True if / is a tmpfs or a ramfs: not the root of a running system. */
bool switch_is_initramfs(void);

/*
 * Check that / is an initramfs that may be deleted: this is pid 1, / is tmpfs or ramfs and
 * holds /init, and dir is on another device. Returns 0, or -errno after fail_note(): nothing was
 * changed.
 */
int switch_check(const char *dir);

/*
 * Free the initramfs, make dir the root, and exec init on /dev/console with argv. Returns only
 * after an error, -errno after fail_note(); files that were deleted by then are lost.
 */
int switch_root(const char *dir, const char *init, char **argv);

#endif
