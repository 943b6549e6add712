/*
 * A blank root: how it is known, and what a new client must have of its own.
 */
#ifndef INITRD_FIRSTBOOT_H
#define INITRD_FIRSTBOOT_H

#include "initrd/root.h"

/*
 * True for a root with nothing in it (lost+found aside), or whose first fill did not come to its
 * end. Marks it, so that a power cut while it is filled is noticed by the next boot.
 */
bool firstboot_begin(void);

/*
 * Give the filled root its machine-id, host name, fstab, SSH host keys and the share's public key;
 * then everything to disk, and the mark away. What is there already stays. Returns 0 or -errno
 * after fail_note().
 */
int firstboot_finish(const struct xf_cmdline *cmdline, const struct mounted_share *share,
	const struct mounted_root *root);

#endif
