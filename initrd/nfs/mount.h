/*
 * The share: mounted read-only from the first server that exports it, and recognised.
 */
#ifndef INITRD_MOUNT_H
#define INITRD_MOUNT_H

#include "kernel-cmdline/xfnet.h"
#include "lib/layout.h"
#include "lib/paths.h"

#include <stdint.h>

#define MOUNTED_TREE_MAX (sizeof("/" PATH_CHANNELS "//" PATH_LIVE) + XF_CHANNEL_MAX + 32)

struct mounted_share {
	struct xf_addr server;
	char version[4];     /* of NFS: "4.2", … "3" */
	uint32_t current;    /* the generation of live, or of the channel that xfgen= names */
	uint32_t generation; /* the one that this client runs: that, or xfgen=N */
	char tree[MOUNTED_TREE_MAX]; /* where its files are: "/mroot/live",
				      * "/mroot/channel/NAME/live", or "/mroot/gen/N" */
	struct layout layout;
};

/*
 * Mount the share on directory (read-only, nodev, noatime; hard, as NFS does by default) and read
 * its layout and generation. Servers are tried in turn until xftimeout= has passed; one whose error
 * is final is not tried again, and when all are final the step fails at once. The host name must be
 * set: it is the NFSv4 client's identity. Returns 0, or -errno after fail_note(), with nothing
 * mounted.
 *
 * An NFSv4 server may send a file's owner as a name ("root@domain"). The kernel asks
 * /sbin/request-key for its number; on a client this program is on the share itself, so that the
 * client hangs for ever. Such a server is mounted with NFS 3, which has numbers only, or is
 * refused.
 */
int mount_share(
	const struct xf_cmdline *cmdline, const char *directory, struct mounted_share *share);

/*
 * Read `current` and the layout of the share in directory, or of the channel that xfgen= names
 * (with xfgen=N that generation's own, where the share has kept it), and find the tree to run from.
 * share->version is that of the mount. Returns 0 or -errno after fail_note(); -ENOKEY if the server
 * sends owners as names.
 */
int mount_recognise_share(
	const struct xf_cmdline *cmdline, const char *directory, struct mounted_share *share);

#endif
