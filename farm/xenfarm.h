/* The commands of xenfarm. */
#ifndef FARM_XENFARM_H
#define FARM_XENFARM_H

#include "farm/config.h"
#include "farm/options.h"
#include "farm/share.h"

enum { EXIT_USAGE = 2 }; /* beside EXIT_SUCCESS and EXIT_FAILURE */

/* What a command works with: its options, the settings, and what of both is valid. */
struct context {
	struct options options;
	struct config config;
	const char *share_path, *key_path;
	struct share share; /* not open for `init` */
	char **argument;    /* NULL at the end */
};

int share_main(int argc, char **argv);

/*
 * `xenfarm share …`. Return 0; a negative number after a message; or EXIT_USAGE, after a message,
 * too.
 */
int share_init(struct context *context);
int share_publish(struct context *context);
int share_list(struct context *context);
int share_diff(struct context *context);
int share_verify(struct context *context);
int share_rollback(struct context *context);
int share_rekey(struct context *context);
int share_gc(struct context *context);

/* The argument as the number of a generation that the share has. Returns 0 after a message. */
uint32_t argument_generation(const struct context *context, const char *text);

/* The key of that name that signs; --key; or either half of that of it, which is enough to verify.
 * Returns 0 or -errno. */
int context_read_private(const char *path, struct signature_key **key);
int context_private_key(const struct context *context, struct signature_key **key);
int context_public_key(const struct context *context, struct signature_key **key);

/* Print a JSON object on standard output, and free it. */
struct json_object;
void print_json(struct json_object *object);

#endif
