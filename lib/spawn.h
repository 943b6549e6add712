/* Running other programs, with a time limit and nothing inherited but what is named. */
#ifndef LIB_SPAWN_H
#define LIB_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

struct spawn {
	const char *const *argv; /* argv[0] is found in PATH unless it has a slash */
	int in;  /* becomes its standard input, unless it is interactive; 0: it reads /dev/null */
	int out; /* becomes its standard output; -1: that is our standard error, if interactive
		  * our standard output */
	bool err_too; /* its standard error is its standard output */
	int kept;     /* an fd that it keeps open (a lock, say), besides 0, 1 and 2; -1: none */
	unsigned int limit;    /* seconds, then it and its children are killed; 0: none */
	bool interactive;      /* it has our standard input and our terminal */
	bool dies_with_parent; /* killed when we end, however we end */
};

/*
 * Run a program and wait for it. Without interactive it has a session of its own, without a
 * terminal. Returns 0, with its exit status, or 128 + the signal that ended it, in
 * *status; -ETIMEDOUT; or -errno, -ENOENT and the like if it could not be executed. Prints nothing.
 */
int spawn_run(const struct spawn *spawn, int *status);

/* The same in two parts: start returns its process id or -errno; wait, which is called once, is as
 * spawn_run(). */
pid_t spawn_start(const struct spawn *spawn);
int spawn_wait(pid_t pid, unsigned int limit, int *status);

/*
 * Become that program, with our standard files and terminal. What we have open is closed by
 * O_CLOEXEC. Returns only if it cannot be executed: -errno. Prints nothing.
 */
int spawn_become(const char *const *argv);

#endif
