/*
 * What the clients of a share start with and run from: by their records and, where they run, by the
 * command line that they were started with, which may be of an earlier record.
 */
#ifndef FARM_CLIENT_USES_H
#define FARM_CLIENT_USES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "farm/name.h"
#include "farm/xenfarm.h"

struct client_use {
	char client[2 * NAME_LABEL_MAX + 2];
	char channel[NAME_LABEL_MAX + 1]; /* "": it is pinned */
	uint32_t pin;                     /* 0: none */
	bool runs;                        /* it was started with this */
};

struct client_uses {
	struct client_use *use;
	size_t n;
};

/* Was a client ever made in the share with that UUID (has it boot files)? */
bool client_uses_exist(const struct farm_context *context, const char *share);

/*
 * Those of the clients of the share with that UUID. If no client was ever made there (it has no
 * boot files), libvirt is not asked. Returns 0, or -errno after a message; client_uses_free()
 * follows in either case.
 */
int client_uses_read(struct farm_context *context, const char *share, struct client_uses *uses);
void client_uses_free(struct client_uses *uses);
#define AUTO_CLIENT_USES __attribute__((cleanup(client_uses_free)))

#endif
