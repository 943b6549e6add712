/* What the commands have in common that ask something of clients: reconcile, message. */
#ifndef FARM_FLEET_ORDER_H
#define FARM_FLEET_ORDER_H

#include "farm/client/client.h"

/* Nothing is changed on the server: no lock, but a record in the log. */
void order_begin_operation(
	struct client_session *session, const char *command, char *const *arguments);

/* `xenfarm reconcile --wait`. Returns the exit status. */
int fleet_reconcile_and_wait(struct farm_context *context, char **arguments);

#endif
