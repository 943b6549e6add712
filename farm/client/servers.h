/* From which servers a client mounts its share, in which order: its xfnet=. No I/O. */
#ifndef FARM_CLIENT_SERVERS_H
#define FARM_CLIENT_SERVERS_H

#include "farm/net/net.h"

/* For --servers: all of the farm, in an order that spreads the clients over them. */
#define CLIENT_SERVERS_SPREAD "spread"

/*
 * The value of xfnet= for the client with that address. servers: CLIENT_SERVERS_SPREAD or NULL; or
 * addresses of the farm's servers with commas between them, in the order in which they are tried.
 * Returns NULL, or what is wrong with servers (static text).
 */
const char *client_servers_format(const struct net_farm *farm, const struct xf_addr *client,
	const char *servers, char text[static XF_WORD_MAX]);

#endif
