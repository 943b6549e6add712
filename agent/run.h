/* Another program, with a time limit. */
#ifndef AGENT_RUN_H
#define AGENT_RUN_H

/*
 * Run argv[0], found along the usual system directories. Its standard output goes to out (-1: to
 * our standard error, or to our output if interactive), its input is empty unless interactive.
 * After limit seconds (0: never) it and its children are killed. Returns its exit status,
 * -ETIMEDOUT, -EINTR if a signal ended it, or -errno; -ENOENT: there is no such program.
 */
int run(const char *const argv[], int out, unsigned int limit, int interactive);

#endif
