/* Changes of a client's domain, whose other parts stay as an administrator may have made them. */
#ifndef FARM_CLIENT_CHANGE_H
#define FARM_CLIENT_CHANGE_H

#include "farm/client/client.h"
#include "farm/virt/domain-xml.h"

/* What its domain is defined as. Both are released by client_change_end(). */
struct client_change {
	char *xml;
	struct domain_xml_read domain;
};

/* Read it. Returns 0, or -errno after a message; client_change_end() follows in either case. */
int client_change_begin(
	struct client_change *change, struct client_session *session, struct client *client);
void client_change_end(struct client_change *change);
#define AUTO_CLIENT_CHANGE __attribute__((cleanup(client_change_end)))

/* Define it with that change, and give a running one the new title and record. What else is changed
 * holds from its next start on. 0, or -errno after a message. */
int client_change_define(struct client *client, const struct client_change *change,
	const struct domain_xml_change *what);

/*
 * Show what becomes of its name and record, as lines "- pin = 1" and "+ pin = 2", before a question
 * and in a dry run. record NULL: all of it goes. name NULL: it stays.
 */
void client_change_show(const struct client *client, const char *name, const struct record *record);

/* Can it be changed: its record is valid, and it is complete. 0, or -errno after a message. */
int client_change_check(const struct client *client);

#endif
