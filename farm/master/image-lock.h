/*
 * Who uses a disk image? QEMU tells it to others by locks on single bytes of the file (open file
 * description locks, fcntl(2)), and looks for theirs before it opens one: see
 * raw_check_lock_bytes() in its block/file-posix.c. So a machine cannot start while we read its
 * disk, whoever starts it. Xen's toolstack has no locks: a guest's disk is found by its loop
 * device, and a guest that starts later is not stopped.
 */
#ifndef FARM_MASTER_IMAGE_LOCK_H
#define FARM_MASTER_IMAGE_LOCK_H

#include <stdbool.h>

/*
 * Open the image and take part: reading, while nobody may write; or, if write is true, writing,
 * while nobody else reads or writes. Returns an fd that holds the lock until it is closed, or
 * -errno: -EBUSY after a message that says who uses it, other errors after a message, too.
 */
int image_lock(const char *path, bool write);

#endif
