/*
 * What clients said last, a file for each in the directory that `fleet` in xenfarm.conf names. It
 * is for those that do not answer now; without it nothing is lost but that.
 */
#ifndef FARM_FLEET_SEEN_H
#define FARM_FLEET_SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/fleet/fleet.h"

/* Open the directory, which is made if it is missing. Returns an fd, or -errno; no message. */
int seen_open(const char *path);

/* What the client with that UUID said, and when. False: nothing is known. xdr_free(3) frees status
 * if it is true. */
bool seen_read(int directory, const char *uuid, fleet_status *status, int64_t *when);

/* Remember it, with the time of now. Returns 0 or -errno. Not synced: see above. */
int seen_write(int directory, const char *uuid, const fleet_status *status);

#endif
