/* Clients on and off. */
#ifndef FARM_CLIENT_POWER_H
#define FARM_CLIENT_POWER_H

#include "farm/client/client.h"

/*
 * Make sure that the boot files that a client starts with are there, and of the current generation
 * if it is not pinned. Returns 0, or -errno after a message.
 */
int power_prepare(struct client_session *session, const struct client *client);

/*
 * Start it, and see that its port is isolated. Returns 0, also if it runs already, or -errno after
 * a message.
 */
int power_on(struct client_session *session, struct client *client);

#endif
