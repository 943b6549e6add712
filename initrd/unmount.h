/*
 * The system's mounts at its very end, when the exit program runs.
 */
#ifndef INITRD_UNMOUNT_H
#define INITRD_UNMOUNT_H

#define UNMOUNT_OLD_ROOT "/oldroot" /* where systemd leaves the system's root */

/*
 * Unmount all that is on UNMOUNT_OLD_ROOT and below, the last first. What is busy becomes
 * read-only; NFS is left behind when its server does not answer in time. At the end all is written
 * to the disks.
 */
void unmount_old_root(void);

#endif
