/*
 * The system's mounts at the end of a shutdown, when the exit program runs.
 */
#ifndef INITRD_UNMOUNT_H
#define INITRD_UNMOUNT_H

#define UNMOUNT_OLD_ROOT "/oldroot" /* where systemd leaves the system's root */

/*
 * Unmount UNMOUNT_OLD_ROOT and everything below, in reverse order of mounting. What is busy is made
 * read-only; NFS is left mounted when its server does not answer in time. Then sync.
 */
void unmount_old_root(void);

#endif
