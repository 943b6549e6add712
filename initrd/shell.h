/*
 * A busybox shell on the console, with job control.
 */
#ifndef INITRD_SHELL_H
#define INITRD_SHELL_H

/*
 * Say why (one line), run the shell and wait until it is left. An initrd without busybox: says so
 * and returns at once. Returns 0, or -errno when no shell could be run.
 */
int shell_run(const char *why);

#endif
