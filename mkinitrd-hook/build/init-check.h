/*
 * Whether a program is xf-init, and whether it runs here.
 */
#ifndef MKINITRD_HOOK_INIT_CHECK_H
#define MKINITRD_HOOK_INIT_CHECK_H

#include "mkinitrd-hook/image/blob.h"

#include <stdbool.h>

/* By the text that xf-init prints when it is started by hand. */
bool init_check_is_ours(const struct blob *program);

/*
 * Run it for a few seconds at most, without privileges: as nobody if we are root. Returns 0 if it
 * prints that it is xf-init, -EPROTO if it prints or does anything else, or the -errno of running
 * it.
 */
int init_check_runs(const struct blob *program);

#endif
