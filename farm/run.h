/* Other programs. */
#ifndef FARM_RUN_H
#define FARM_RUN_H

#include <sys/types.h>

/*
 * Start a program, found in PATH unless argv[0] has a slash. Its standard output goes to the fd
 * out: mostly to STDERR_FILENO, as our own output is for results. It dies with us, and until it is
 * gone it keeps the fd lock (-1: none) open, so that nobody touches what it may still write to.
 * Returns its process id or -errno.
 */
pid_t run_start(const char *const argv[], int out, int lock);

/* Its exit status, 128 + the signal that ended it, or -errno; 127 if it could not be executed. */
int run_wait(pid_t pid);

/* Both. */
int run(const char *const argv[], int out, int lock);

#endif
