/* Which part of a tree is read-only and which is the clients' own, by the layout. */
#ifndef FARM_PART_H
#define FARM_PART_H

#include <stdbool.h>

#include "lib/layout.h"

/* True if a client takes path from the share: in a bound or linked one, and in no island. */
bool part_is_readonly(const struct layout *layout, const char *path);

/* True if neither path nor anything below it is in the writeable part. */
bool part_has_nothing_writeable(const struct layout *layout, const char *path);

#endif
