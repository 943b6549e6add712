/*
 * Is this xf-init, and does it run here?
 */
#ifndef MKINITRD_HOOK_INIT_CHECK_H
#define MKINITRD_HOOK_INIT_CHECK_H

#include "mkinitrd-hook/image/blob.h"

#include <stdbool.h>

/* xf-init holds what it says to whoever starts it by hand. */
bool init_check_is_ours(const struct blob *program);

/*
 * Start it, for a few seconds at most, without privileges: as nobody where we are root. Returns 0
 * if it says that it is xf-init, -EPROTO if it says or does anything else, or what kept it from
 * running.
 */
int init_check_runs(const struct blob *program);

#endif
