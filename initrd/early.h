/*
 * The first and the last minutes: the kernel's own file systems, the command line, and what of it
 * the real init is to see.
 */
#ifndef INITRD_EARLY_H
#define INITRD_EARLY_H

#include "kernel-cmdline/xfnet.h"

/* proc, sys, devtmpfs, run; then the log. Returns 0 or -errno after fail_note(). */
int early_mounts(void);

/*
 * Read and parse /proc/cmdline, say each warning and error, set the host name. Returns 0, or -errno
 * after fail_note(): what the line says of xffail= and xfdebug= is known even then.
 */
int early_cmdline(struct xf_cmdline *cmdline);

/* Keep pid 1's arguments for the real init, without words that are ours. */
void early_save_arguments(int argc, char **argv);

/* These arguments, NULL-terminated, argv[0] free to set; xf* variables are gone from the
 * environment. */
char **early_arguments(void);

/* /dev, /run and /mroot into the new root; /proc and /sys away. Returns 0 or -errno after
 * fail_note().
 */
int early_move_mounts(void);

#endif
