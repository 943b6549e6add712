/*
 * Promotions that wait: a transient timer of systemd for each, so that nothing of ours has to run
 * until then. Its name says share and channel, its description what it will do. It does not outlive
 * a reboot of the server.
 */
#ifndef FARM_PROMOTION_H
#define FARM_PROMOTION_H

#include <stddef.h>
#include <stdint.h>

#include "farm/share/in-use.h"
#include "farm/xenfarm.h"

struct promotion {
	char channel[NAME_LABEL_MAX + 1];
	uint32_t generation;
	char at[32]; /* RFC 3339 */
	bool unless_conflicts;
};

struct promotion_list {
	struct promotion *promotion;
	size_t n;
};

/* "90s", "30m", "2h", "1d": seconds into a uint32_t. */
value_set_fn promotion_set_after;

/* Those of the context's share; without systemd there are none. Returns 0, or -errno after a
 * message; promotion_free() follows in either case. */
int promotion_read(const struct farm_context *context, struct promotion_list *list);
void promotion_free(struct promotion_list *list);
#define AUTO_PROMOTIONS __attribute__((cleanup(promotion_free)))

/* Let a channel be brought to a generation in `after` seconds. Returns 0, or -errno after a
 * message: -EEXIST if there is one for the channel, -EOPNOTSUPP if systemd is not process 1. */
int promotion_add(const struct farm_context *context, const char *channel, uint32_t generation,
	uint32_t after);

/* Is there one of a channel? And let it not happen. Return 0, or -errno after a message. */
int promotion_need(const struct farm_context *context, const char *channel);
int promotion_cancel(const struct farm_context *context, const char *channel);

/* The generations that they are of. */
in_use_fn promotion_in_use;

#endif
