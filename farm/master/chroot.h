/* A master's installation, entered while the master is off. */
#ifndef FARM_MASTER_CHROOT_H
#define FARM_MASTER_CHROOT_H

#include <stdbool.h>

#include "farm/master/master.h"

/*
 * Run a program in the root of a master's disk, which is mounted for that in a mount namespace of
 * this process, and in a PID namespace: all that it starts ends with it. No other uses the disk
 * meanwhile. Services are not started by package managers. limit: seconds, or 0. interactive: with
 * our terminal. Returns 0 and *status, as spawn_run(), or -errno after a message.
 */
int master_chroot_run(const struct master *master, const char *const *argv, unsigned int limit,
	bool interactive, int *status);

#endif
