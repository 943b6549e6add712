/* The commands of xenfarm. */
#ifndef FARM_XENFARM_H
#define FARM_XENFARM_H

#include <stdbool.h>
#include <stdint.h>

#include "farm/settings.h"
#include "farm/share/store.h"
#include "lib/cli.h"

struct farm_options {
	bool json, quiet, dry_run, checksum, no_initrd, strict;
	const char *config, *share, *key; /* NULL: not given */
	const char *from, *note, *layout, *in_use_kernel;
	const char *in_use, *new_key;
	uint32_t partition, keep; /* 0: not given */
};

/* What a command works with: its options, the settings, and what of both is valid. */
struct farm_context {
	struct farm_options options;
	struct settings config;
	const char *share_path, *key_path;
	struct share_store share; /* not open for `init` */
};

/* The commands `xenfarm share …`, see lib/cli.h; options is a struct farm_context. They return the
 * exit status. */
int cmd_share_init(void *options, char **arguments);
int cmd_share_publish(void *options, char **arguments);
int cmd_share_list(void *options, char **arguments);
int cmd_share_diff(void *options, char **arguments);
int cmd_share_verify(void *options, char **arguments);
int cmd_share_rollback(void *options, char **arguments);
int cmd_share_rekey(void *options, char **arguments);
int cmd_share_gc(void *options, char **arguments);

/* Read xenfarm.conf, or what --config names instead, and choose share and key. 0 or -errno. */
int farm_context_configure(struct farm_context *context);

/* --in-use: numbers with commas between them. Is a generation among them? */
value_set_fn farm_context_set_in_use;
bool farm_context_in_use(const struct farm_context *context, uint32_t generation);

/* The argument as the number of a generation that the share has. Returns 0 after a message. */
uint32_t farm_context_generation(const struct farm_context *context, const char *text);

/* The key of that name that signs; --key; or either half of that of it, which is enough to verify.
 * Returns 0 or -errno. */
int farm_context_read_private(const char *path, struct signature_key **key);
int farm_context_private_key(const struct farm_context *context, struct signature_key **key);
int farm_context_public_key(const struct farm_context *context, struct signature_key **key);

#endif
