/*
 * Copying generations to another server: over ssh(1), by rsync(1), which keeps what generations
 * have in common as links. What arrives is put into the other share by `xenfarm share receive`,
 * which verifies it first (farm/share/receive.h). Errors are printed here.
 */
#ifndef FARM_PUSH_H
#define FARM_PUSH_H

#include <stdbool.h>
#include <stdint.h>

#include "farm/operation.h"
#include "farm/share/store.h"

struct push_target {
	char host[256];  /* what ssh(1) takes: a name, or USER@NAME */
	char path[4096]; /* of the share there, absolute */
};

/*
 * "HOST" or "HOST:PATH"; without a path it is that of the share here. HOST is not "" and begins
 * with no "-"; it has letters, digits and "-._@" only, or is an IPv6 address in brackets. No I/O.
 * Returns 0, or -EINVAL without a message.
 */
int push_parse(const char *text, const char *path, struct push_target *target);

/* Append what ssh(1) runs there: `xenfarm share receive` of the share at path, with these words. */
void push_add_command(struct buf *command, const char *path, const char *words);

struct push {
	const struct share_store *share;
	struct push_target target;
	bool checksum; /* compare contents, where size and time are equal */
	struct operation *operation;
	/* What the share there has, of push_ask(): */
	uint32_t n_keys; /* in its etc/keys */
	uint32_t *has;   /* generations, ascending */
	size_t n_has;
	struct channel *channel;
	size_t n_channels;
};

/*
 * What does the other share have? Makes it if it does not exist, but not in a dry run, which takes
 * it for empty then. Returns 0 or -errno.
 */
int push_ask(struct push *push);
void push_free(struct push *push);

/*
 * Copy the generations that the other share lacks, from the lowest; and bring the channels there to
 * where they are here. What is complete stays, and a copy that was interrupted is continued.
 * Returns 0 or -errno.
 */
int push_all(struct push *push);

/*
 * The reply of `receive begin`: {"version":1,"keys":N,"generations":[N,…],"channels":{"live":N,…}}.
 * No I/O. Returns 0, -EINVAL: it is not that; or -ENOMEM.
 */
int push_parse_reply(struct push *push, const char *text, size_t n);

#endif
