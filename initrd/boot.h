/*
 * A boot is a list of steps: everything that one boot learns, handed from step to step; how the
 * steps are run; and those that xf-init and xf-attach have in common.
 */
#ifndef INITRD_BOOT_H
#define INITRD_BOOT_H

#include "initrd/net/interface.h"
#include "initrd/nfs/mount.h"
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

struct step {
	const char *name;
	int (*run)(struct boot *boot); /* 0, or a negative value when it has said what failed */
	enum xf_debug shell;           /* xfdebug= bit of the shell before this step */
};

/* Run them in order, with their times in boot->time. One that fails is begun again when fail_act()
 * returns. */
void steps_run(struct boot *boot, const struct step *steps, unsigned int n);

int step_cmdline(struct boot *boot);
int step_interface(struct boot *boot);
int step_portmap(struct boot *boot);
int step_share(struct boot *boot);
int step_reconcile(struct boot *boot);
int step_bind(struct boot *boot);

#endif
