/*
 * Step 8: bring the writeable part to the share's generation, or fill a blank one.
 */
#ifndef INITRD_RECONCILE_H
#define INITRD_RECONCILE_H

#include "initrd/nfs/mount.h"
#include "initrd/root.h"

#include <stdbool.h>

/*
 * Let /etc/hostname follow the client's name; run the share's xf-agent on the root, bounded in
 * time. If that fails, boot goes on with the writeable part as it was. A blank root (empty, or with
 * a first fill that was cut off) is filled: by the agent, or where the share has none yet, by a
 * plain copy of its writeable part; then firstboot_finish() makes the files that are its own.
 * Returns 0, or -errno after fail_note(): only a blank root that could not be filled is an error.
 * *outcome is one word for what was done, for /run/xenfarm/boot.
 */
int reconcile_root(const struct xf_cmdline *cmdline, const struct mounted_share *share,
	const struct mounted_root *root, const char **outcome);

#endif
