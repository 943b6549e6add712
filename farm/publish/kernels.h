/* The kernels of a generation: initrds for those in boot/, and modules that clients still need. */
#ifndef FARM_KERNELS_H
#define FARM_KERNELS_H

#include <stdint.h>

#include "farm/share/store.h"

/*
 * Link the modules of these kernels (versions separated by commas) from the newest generation that
 * has them into the tree `to`, unless it has them. Returns 0, or -errno after a message.
 */
int kernels_keep_modules(const struct share_store *share, const char *versions, int to);

struct kernels_initrds {
	const struct share_store *share;
	const char *tree;    /* absolute path of the new generation */
	const char *pub;     /* the share's public key */
	const char *options; /* of xf-mkinitrd, separated by blanks */
	int to;              /* tree, open */
	int previous; /* the previous generation, or -1: equal initrds become links to its own */
};

/* Run xf-mkinitrd(8) for each boot/vmlinuz-V that has modules. Returns 0, or -errno after a
 * message. */
int kernels_make_initrds(const struct kernels_initrds *initrds);

#endif
