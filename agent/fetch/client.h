/*
 * Files of an NFS server, by libnfs, many at once. NFSv4.0, and of that only what keeps no state at
 * the server: a COMPOUND walks from the root to the file and reads, so a small file costs one
 * request, and after a lost connection the next server is simply asked the same.
 */
#ifndef AGENT_FETCH_CLIENT_H
#define AGENT_FETCH_CLIENT_H

#include "agent/fetch/url.h"

/* Servers are given by address: no name is resolved here. */
struct client;

/*
 * Servers are asked in turn, beginning with number first (0, …), as uid and gid. NULL without
 * memory. url stays the caller's.
 */
struct client *client_new(
	const struct share_url *url, unsigned int first, unsigned int uid, unsigned int gid);

/* Answer the requests that come from fd (fetch/protocol.h), until its other end is closed. */
void client_serve(struct client *client, int fd);

#endif
