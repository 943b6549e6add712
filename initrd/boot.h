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

struct boot_time {
	const char *name;
	uint32_t ms;
};

struct boot {
	struct xf_cmdline cmdline;
	struct net_interface interface;
	struct mounted_share share;
	struct mounted_root root;
	const char *agent; /* what the reconcile step did, in one word */
	unsigned int n_times;
	struct boot_time time[BOOT_STEPS];
};

struct boot_step {
	const char *name;
	int (*run)(struct boot *boot); /* 0, or -errno after fail_note() */
	enum xf_debug shell;           /* xfdebug= bit of the shell before this step */
};

/* Run them in order, with their times in boot->time. One that failed is run again when fail_act()
 * returns. */
void boot_run(struct boot *boot, const struct boot_step *steps, unsigned int n);

int boot_step_cmdline(struct boot *boot);
int boot_step_interface(struct boot *boot);
int boot_step_portmap(struct boot *boot);
int boot_step_share(struct boot *boot);
int boot_step_reconcile(struct boot *boot);
int boot_step_bind(struct boot *boot);

#endif
