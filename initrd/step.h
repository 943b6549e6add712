/*
 * A boot is a list of steps. Here is how they are run, and those that xf-init and xf-attach have in
 * common.
 */
#ifndef INITRD_STEP_H
#define INITRD_STEP_H

#include "initrd/boot.h"

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
