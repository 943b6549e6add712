/*
 * A reboot into the published kernel: QEMU gives a machine that resets the kernel and initrd that
 * it was started with, whatever became of the files since.
 */
#ifndef INITRD_KEXEC_H
#define INITRD_KEXEC_H

#include <stdbool.h>

/*
 * Load the kernel and initrd of the generation that this client boots next, with the command line
 * that it has now, unless they are the ones that run. It is the share's newest generation, or the
 * one that the client is pinned to. Not on Xen, where the toolstack reads them at each start.
 *
 * It is given up after KEXEC_LIMIT seconds: the guard ends a shutdown with a dead server sooner,
 * but there may be none. Says what it did, and what failed. Returns whether
 * reboot(LINUX_REBOOT_CMD_KEXEC) would start them.
 */
#define KEXEC_LIMIT 60
bool kexec_load(void);

#endif
