/*
 * The end of the system, as process 1: nothing else runs any more but the guard.
 */
#ifndef INITRD_FINISH_H
#define INITRD_FINISH_H

/*
 * Unmount the old root and the share, and call reboot(2) with how; for a reboot, load the published
 * kernel while the share is mounted, and start that. If the kernel does not do it, the machine is
 * reset: process 1 cannot go on without a root. Returns if not even that is done.
 */
void finish_run(int how);

#endif
