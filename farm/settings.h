/* xenfarm.conf(5). */
#ifndef FARM_SETTINGS_H
#define FARM_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

struct farm_settings {
	struct buf text; /* of the file, which the settings point into */
	const char *share, *key;
	const char *mkinitrd; /* options of xf-mkinitrd(8), divided by blanks */
	uint32_t keep;        /* generations that gc leaves */
};

/*
 * Read the file at path; if it is optional, it may be missing, and the defaults hold. Returns 0, or
 * -errno after a message. The caller frees config in either case.
 */
int farm_settings_read(const char *path, bool optional, struct farm_settings *config);
void farm_settings_free(struct farm_settings *config);

/* The same from config->text, which has room for one byte more. No I/O; see conf_parse(). */
struct conf_error;
int farm_settings_parse(struct farm_settings *config, struct conf_error *error);

#endif
