/*
 * Everything that one boot learns, handed from step to step.
 */
#ifndef INITRD_BOOT_H
#define INITRD_BOOT_H

#include "initrd/net/interface.h"
#include "initrd/nfs/share.h"
#include "initrd/root.h"
#include "kernel-cmdline/xfnet.h"

#include <stdint.h>

#define BOOT_STEPS 10

struct step_time {
	const char *name;
	uint32_t ms;
};

struct boot {
	struct xf_cmdline cmdline;
	struct interface interface;
	struct share share;
	struct root root;
	const char *agent; /* what the reconcile step did, in a word */
	unsigned int n_times;
	struct step_time time[BOOT_STEPS];
};

#endif
