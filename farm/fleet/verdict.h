/* Has a generation proved itself on the clients that go first? */
#ifndef FARM_FLEET_VERDICT_H
#define FARM_FLEET_VERDICT_H

#include <stdint.h>

#include "farm/share/in-use.h"
#include "farm/xenfarm.h"

/*
 * Ask the clients of the context's share. Returns 0 if at least one has applied the generation, and
 * none of those that have, or should have, it has a conflict or gives no answer; otherwise
 * -ECANCELED, or another -errno, after a message.
 */
int verdict_ask(const struct farm_context *context, uint32_t generation);

/* What clients say now that they have applied, or may run files from; and what those may have that
 * do not answer: see farm/share/in-use.h. */
in_use_fn verdict_in_use;

#endif
