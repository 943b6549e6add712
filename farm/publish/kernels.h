/* The kernels of a generation: initrds for those in boot/, and modules that clients still need. */
#ifndef FARM_KERNELS_H
#define FARM_KERNELS_H

#include <stdint.h>

#include "farm/share/store.h"

/*
 * Carry the modules of these kernels (versions divided by commas) from the newest generation that
 * has them into the tree `to`, as hard links; fine if they are there. Says what fails; 0 or -errno.
 */
int kernels_keep_modules(const struct share_store *share, const char *versions, int to);

struct kernels_initrds {
	const struct share_store *share;
	const char *tree;    /* absolute path of the generation that is made */
	const char *pub;     /* the share's public key */
	const char *options; /* of xf-mkinitrd, divided by blanks */
	int to;              /* tree, open */
	int previous; /* the generation before, or -1: equal initrds become links to its own */
};

/* Have xf-mkinitrd(8) make one for each boot/vmlinuz-V whose modules are there. */
int kernels_make_initrds(const struct kernels_initrds *initrds);

#endif
