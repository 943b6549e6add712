/*
 * A busybox shell on the console, with job control.
 */
#ifndef INITRD_SHELL_H
#define INITRD_SHELL_H

/*
 * Log why, run the shell and wait until it ends. Without busybox in the initrd: logs that and
 * returns. Returns 0, or -errno when no shell could be run.
 */
int shell_run(const char *why);

#endif
