/*
 * What is taken from a master's disk, while it is off, to start the master and to reach it:
 *
 *	BOOT/master/NAME/vmlinuz, initrd    its newest kernel, as libvirt starts it directly
 *	BOOT/master/NAME/cmdline            what that needs to find the root
 *	BOOT/master/NAME/known_hosts        the host keys of its ssh server
 *	BOOT/master/NAME/os-release
 *
 * They are copies: libvirt changes owner and labels of what it starts. The directory appears whole.
 */
#ifndef FARM_MASTER_BOOT_H
#define FARM_MASTER_BOOT_H

#include <stdbool.h>

#include "farm/master/os-release.h"

struct master_boot {
	const char *disk;      /* the image */
	const char *directory; /* BOOT/master/NAME */
	const char *name;      /* the master's, in known_hosts */
	const char *console;   /* "ttyS0", "hvc0" */
};

/*
 * A step of an operation, whose arg is a struct master_boot. The disk is mounted read-only in a
 * mount namespace of this process, which it keeps from then on. Returns 0, or -errno after a
 * message: -ENOENT if there is no kernel with an initrd, which is no error if it may lack them.
 */
int master_boot_take(void *arg);

/* Does the image have a boot sector's place of its own: is it divided into partitions? */
bool master_boot_has_loader(const char *disk);

/* Is there a kernel among what was taken? */
bool master_boot_has_kernel(const char *directory);

/* The command line that was taken, the caller's to free; or NULL. */
char *master_boot_cmdline(const char *directory);

/* The distribution that was found. */
void master_boot_os(const char *directory, struct os_release *os);

/* Remove all of it, and what a killed master_boot_take() left. Returns 0, or -errno after a
 * message. */
int master_boot_remove(const char *directory);

#endif
