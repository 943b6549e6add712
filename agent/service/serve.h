/*
 * A TCP service of ONC RPC in one process: any number of listeners and connections, one loop, and
 * no caller that another one waits for. What is slow, silent or too large loses its connection.
 */
#ifndef AGENT_SERVICE_SERVE_H
#define AGENT_SERVICE_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "lib/buf.h"

struct serve_listener {
	int fd; /* it listens */
	void *context;
};

struct serve_service {
	/* May this peer call? If not, its connection is closed without an answer. */
	bool (*admits)(void *context, const struct sockaddr_storage *peer);
	/* Append what is to be sent, if anything. False: close the connection. */
	bool (*answer)(void *context, const char *call, size_t n, struct buf *out);
	size_t connections; /* at once: for another one, the one that waits longest is closed */
	int seconds;        /* that a call, or its reply, may take */
	int idle;           /* seconds without a connection, then serve_run() ends; -1: never */
};

/* Returns 0 when it was idle; or -errno. */
int serve_run(
	const struct serve_service *service, const struct serve_listener *listeners, size_t n);

#endif
