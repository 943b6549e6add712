/* xenfarm.conf(5). */
#ifndef FARM_CONFIG_H
#define FARM_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

struct config {
	struct buf text; /* of the file, which the settings point into */
	const char *share, *key;
	const char *mkinitrd; /* options of xf-mkinitrd(8), divided by blanks */
	uint32_t keep;        /* generations that gc leaves */
};

/*
 * Read the file at path; if it is optional, it may be missing, and the defaults hold. Returns 0, or
 * -errno after a message. The caller frees config in either case.
 */
int config_read(const char *path, bool optional, struct config *config);
void config_free(struct config *config);

/* The same from config->text, which has room for one byte more. No I/O; see conf_parse(). */
struct conf_error;
int config_parse(struct config *config, struct conf_error *error);

#endif
