/*
 * The share's own programs, run before there is a root: a small tree of mounts in /tools (the
 * share's layout, its etc, /dev, /proc, /sys, /run) with the share on /mroot and the client's root
 * on /target.
 */
#ifndef INITRD_TOOLS_H
#define INITRD_TOOLS_H

#include "initrd/nfs/mount.h"

#define TOOLS_TARGET "/target" /* where a program that runs in there finds the client's root */

/*
 * Run argv[0] (a path as seen inside) until it ends, each line of its output to the log, and kill
 * it and its children after limit seconds. Returns 0 with its exit status, or 128 + signal, in
 * *status; or -errno: -ENOENT if the share has no such program (or it ended with the shell's 127
 * for that), -ETIMEDOUT if it was killed.
 */
int tools_run(const struct mounted_share *share, unsigned int limit, const char *const argv[],
	int *status);

#endif
