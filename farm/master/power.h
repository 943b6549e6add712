/* Masters on and off. */
#ifndef FARM_MASTER_POWER_H
#define FARM_MASTER_POWER_H

#include "farm/master/boot.h"
#include "farm/master/master.h"

#define POWER_STOP_SECONDS 120 /* where nothing else is said */

/* What master_boot_take() needs to know of a master; the caller frees boot->directory. */
int master_power_boot(const struct master_session *session, const struct master *master,
	struct master_boot *boot);

/*
 * Take kernel and keys from its disk, which is locked for that, in a step of the operation. If that
 * fails and an earlier kernel is there, this is a warning. Returns 0, or -errno after a message.
 */
int master_power_prepare(struct master_session *session, const struct master *master);

/* Shut it down and wait, in a step; with force switch it off if it is not off in time. seconds: 0,
 * POWER_STOP_SECONDS. Returns 0, or -errno after a message: -ETIMEDOUT. */
int master_power_stop(struct master_session *session, const struct master *master,
	unsigned int seconds, bool force);

#endif
