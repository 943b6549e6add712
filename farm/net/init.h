/* What `xenfarm init` does with a server, step by step. All of it says itself what fails. */
#ifndef FARM_NET_INIT_H
#define FARM_NET_INIT_H

#include "farm/net/server.h"
#include "farm/operation.h"

/* Before anything is changed: is something in the way that cannot be left alone? Returns 0, or
 * -errno. */
int net_init_check(const struct net_server *server);

/*
 * Make the server what the plan says: what is so already is not touched. A file that is not ours
 * is named, and all else done. Returns 0, or -errno.
 */
int net_init(struct net_server *server, struct operation *operation);

/* Take back what is ours, and name what is not. Returns 0, or -errno. */
int net_undo(struct net_server *server, struct operation *operation);

#endif
