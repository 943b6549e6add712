/* The commands `xenfarm share …`. */
#ifndef FARM_CMD_SHARE_H
#define FARM_CMD_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/cli.h"

/* Options that only they take. */
struct cmd_share_options {
	bool checksum, no_initrd, strict, stage, pending, cancel;
	const char *to, *unless;                          /* NULL: not given */
	uint32_t after;                                   /* seconds */
	const char *from, *note, *layout, *in_use_kernel; /* NULL: not given */
	const char *in_use, *new_key;
	uint32_t partition, keep; /* 0: not given */
};

extern const struct cli_table cmd_share_table;

/* Make an empty share at path, whose parent exists, and the context's key if there is none. Returns
 * 0, or -errno after a message. */
struct farm_context;
int cmd_share_make(const struct farm_context *context, const char *path);

/* See lib/cli.h; options is a struct farm_context. They return the exit status. */
int cmd_share_init(void *options, char **arguments);
int cmd_share_publish(void *options, char **arguments);
int cmd_share_list(void *options, char **arguments);
int cmd_share_diff(void *options, char **arguments);
int cmd_share_verify(void *options, char **arguments);
int cmd_share_rollback(void *options, char **arguments);
int cmd_share_rekey(void *options, char **arguments);
int cmd_share_gc(void *options, char **arguments);
int cmd_share_promote(void *options, char **arguments);
int cmd_share_channel(void *options, char **arguments);
int cmd_share_push(void *options, char **arguments);
int cmd_share_receive(void *options, char **arguments);

/* Publish from a directory or an image into the share of the context, which is open. Returns 0, or
 * -errno after a message. */
struct farm_context;
int cmd_share_publish_from(struct farm_context *context, const char *from);

#endif
