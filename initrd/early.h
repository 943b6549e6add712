/*
 * Before and after the other steps: the kernel's own file systems, the command line, and the part
 * of it that the real init gets.
 */
#ifndef INITRD_EARLY_H
#define INITRD_EARLY_H

#include "kernel-cmdline/xfnet.h"

/* Mount proc, sys, devtmpfs and run; then open the log. Returns 0 or -errno after fail_note(). */
int early_mounts(void);

/*
 * Read and parse /proc/cmdline, log each warning and error, set the host name. Returns 0, or -errno
 * after fail_note(); xffail= and xfdebug= are set even then.
 */
int early_cmdline(struct xf_cmdline *cmdline);

/* Keep the arguments of process 1 for the real init, without xf* words. */
void early_save_arguments(int argc, char **argv);

/* These arguments, NULL-terminated; the caller sets argv[0]. Removes xf* variables from the
 * environment. */
char **early_arguments(void);

/* Move /dev, /run and /mroot into the new root; unmount /proc and /sys. Returns 0 or -errno after
 * fail_note().
 */
int early_move_mounts(void);

#endif
