/* The kernel command line of a client (xfnet(7)), composed and changed. No I/O. */
#ifndef FARM_CLIENT_CMDLINE_H
#define FARM_CLIENT_CMDLINE_H

#include <stdint.h>

#include "farm/client/address.h"

struct client_cmdline {
	const char *console; /* "ttyS0", "hvc0" */
	const char *name, *uuid, *share;
	const struct net_farm *farm;
	const char *servers; /* as client_servers_format() takes them */
	struct xf_addr address;
	uint32_t generation; /* 0: that of the channel */
	const char *channel;
};

/*
 * Compose it. What is composed is parsed again by the parser of xf-init, and has to be the same
 * there. Returns it, the caller's to free; NULL without memory, or with *wrong: static text.
 */
char *client_cmdline_format(const struct client_cmdline *c, const char **wrong);

/*
 * The same line with option NAME=VALUE where it has NAME=…, or at its end; NULL as value: without
 * it. Other options stay as they are. The caller's to free; NULL without memory.
 */
char *client_cmdline_set(const char *line, const char *name, const char *value);

#endif
