/*
 * The client's own, writeable root: found by root=, checked, mounted on /root.
 */
#ifndef INITRD_ROOT_H
#define INITRD_ROOT_H

#include "initrd/nfs/mount.h"
#include "kernel-cmdline/xfnet.h"

#include <stdbool.h>

#define ROOT_DIR "/root"

struct mounted_root {
	char device[64]; /* "/dev/vda1", or "tmpfs" */
	char type[32];
	unsigned long flags; /* MS_* that the administrator asked for, without MS_RDONLY */
};

/*
 * Wait for the device (30 s, without end with rootwait), have the share's fsck look at it if it was
 * not left clean, and mount it read-write: the reconcile needs that; root_finish() makes it as
 * asked. Returns 0, or -errno after fail_note().
 */
int root_mount(const struct xf_cmdline *cmdline, const struct mounted_share *share,
	struct mounted_root *root);

/* Remount it read-only, unless rw was asked for or the root is in memory. Returns 0 or -errno
 * after fail_note(). */
int root_finish(const struct xf_cmdline *cmdline, const struct mounted_root *root);

#endif
