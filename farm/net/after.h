/* What other programs have to be told after files of theirs have changed. */
#ifndef FARM_NET_AFTER_H
#define FARM_NET_AFTER_H

#include "farm/net/files.h"
#include "farm/operation.h"

/*
 * Run what a set of NET_… of enum net_after asks for, each as a step. What is not installed, or
 * does not run, will read the files when it starts: that is said, and is no failure. Returns 0, or
 * -errno after a message.
 */
int net_after(struct operation *operation, unsigned int after);

/* Run a program with a time limit. Its exit status is a failure, and so is its absence. Returns 0,
 * or -errno after a message. */
int net_after_run(const char *const *argv);

#endif
