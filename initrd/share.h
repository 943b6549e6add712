/*
 * The share: mounted read-only from the first server that gives it, and recognised.
 */
#ifndef INITRD_SHARE_H
#define INITRD_SHARE_H

#include "kernel-cmdline/xfnet.h"
#include "lib/layout.h"

#include <stdint.h>

#define SHARE_DIR "/mroot" /* where a client has it, for good */

struct share {
	struct xf_addr server;
	char version[4];     /* of NFS: "4.2", … "3" */
	uint32_t current;    /* the newest generation */
	uint32_t generation; /* the one that this client runs: xfgen=, or the newest */
	char tree[32];       /* where its files are: "/mroot/live", or "/mroot/gen/N" with xfgen= */
	struct layout layout;
};

/*
 * Mount the share on folder (read-only, nodev, noatime; hard, as NFS does by default) and read what
 * it is. Servers are tried in turn until xftimeout= has passed; one whose error would stay the same
 * is not tried again, and when that holds for all the step ends at once. The host name must be set:
 * it is the NFSv4 client's identity. Returns 0, or -errno after failed(), with nothing mounted.
 */
int share_mount(const struct xf_cmdline *cmdline, const char *folder, struct share *share);

/*
 * Read `current` and `layout` of the share in folder and find the tree to run from. Returns 0 or
 * -errno after failed().
 */
int share_recognise(const struct xf_cmdline *cmdline, const char *folder, struct share *share);

#endif
