/*
 * Channels: the trees that clients run from. Each has its generation, and is changed by itself. The
 * channel `live` is always there, and its files are at the top of the share; those of any other are
 * below channel/NAME/, under the same names:
 *
 *	live/     the tree
 *	current   its generation
 *	layout    that generation's layout
 *
 * Errors are printed here.
 */
#ifndef FARM_SHARE_CHANNEL_H
#define FARM_SHARE_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "farm/name.h"
#include "lib/paths.h"

#define CHANNEL_LIVE PATH_LIVE

struct channel {
	char name[NAME_LABEL_MAX + 1];
	uint32_t generation; /* 0: none yet */
};

/* A name that a channel can have: a label, and not a number, which would be a generation. Returns
 * the rule that it breaks, as a static text that follows it in a sentence, or NULL. */
const char *channel_check_name(const char *name);

/* Where a file of a channel is in the share: "current", "channel/canary/current". */
struct channel_path {
	char text[sizeof(PATH_CHANNELS "/") + NAME_LABEL_MAX + sizeof("/current")];
};
struct channel_path channel_path(const char *channel, const char *file);

struct share_store;

/* Read the channels of a share, `live` first, into it. Returns 0 or -errno. */
int channel_list(struct share_store *share);

/* The channel with that name, or NULL; channel_need() has a message for that. */
const struct channel *channel_find(const struct share_store *share, const char *name);
const struct channel *channel_need(const struct share_store *share, const char *name);

/* Make the directories of a channel, if they are not there. Returns 0 or -errno. */
int channel_make(const struct share_store *share, const char *name);

/* With the lock: remove a channel, which is not `live` and which no client uses. Returns 0 or
 * -errno. */
int channel_remove(struct share_store *share, const char *name);

/*
 * etc/flip: which channel is being changed to which generation. Reading sets name and generation,
 * which is 0 if no change is pending. Return 0 or -errno.
 */
int channel_read_pending(const struct share_store *share, struct channel *pending);
int channel_write_pending(const struct share_store *share, const struct channel *pending);

#endif
