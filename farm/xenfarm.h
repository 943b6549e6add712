/* The commands of xenfarm. */
#ifndef FARM_XENFARM_H
#define FARM_XENFARM_H

#include <stdbool.h>
#include <stdint.h>

#include "farm/settings.h"
#include "farm/share/store.h"
#include "lib/cli.h"

struct options {
	bool json, quiet, dry_run, checksum, no_initrd, strict;
	const char *config, *share, *key; /* NULL: not given */
	const char *from, *note, *layout, *in_use_kernel;
	const char *in_use, *new_key;
	uint32_t partition, keep; /* 0: not given */
};

/* What a command works with: its options, the settings, and what of both is valid. */
struct context {
	struct options options;
	struct config config;
	const char *share_path, *key_path;
	struct share share; /* not open for `init` */
};

/* The commands `xenfarm share …`, see lib/cli.h; options is a struct context. They return the exit
 * status. */
int share_init(void *options, char **arguments);
int share_publish(void *options, char **arguments);
int share_list(void *options, char **arguments);
int share_diff(void *options, char **arguments);
int share_verify(void *options, char **arguments);
int share_rollback(void *options, char **arguments);
int share_rekey(void *options, char **arguments);
int share_gc(void *options, char **arguments);

/* Read xenfarm.conf, or what --config names instead, and choose share and key. 0 or -errno. */
int context_configure(struct context *context);

/* --in-use: numbers with commas between them. Is a generation among them? */
value_set_fn context_set_in_use;
bool context_in_use(const struct context *context, uint32_t generation);

/* The argument as the number of a generation that the share has. Returns 0 after a message. */
uint32_t argument_generation(const struct context *context, const char *text);

/* The key of that name that signs; --key; or either half of that of it, which is enough to verify.
 * Returns 0 or -errno. */
int context_read_private(const char *path, struct signature_key **key);
int context_private_key(const struct context *context, struct signature_key **key);
int context_public_key(const struct context *context, struct signature_key **key);

#endif
