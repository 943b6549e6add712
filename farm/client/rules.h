/* The rules that bind clients to their ports, after clients have come or before they go. */
#ifndef FARM_CLIENT_RULES_H
#define FARM_CLIENT_RULES_H

#include "farm/client/client.h"
#include "farm/net/net.h"

/*
 * Write and load the rules for all clients of the session but those that leave, and for these n
 * addresses, too. Nothing on libvirt's test driver, and for other hosts. leaves may be NULL.
 * Returns 0, or -errno after a message.
 */
int client_rules_update(struct client_session *session, const struct xf_addr *more, size_t n,
	bool (*leaves)(const struct client *client, void *data), void *data);

/* Is the port of a client that runs isolated and bound to its address? Returns 0, also on the test
 * driver, or -errno after a message. */
int client_rules_check(const struct client_session *session, const struct client *client);

#endif
