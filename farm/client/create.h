/* Making clients: what is to be made is decided for all of them before anything is changed. */
#ifndef FARM_CLIENT_CREATE_H
#define FARM_CLIENT_CREATE_H

#include "farm/client/address.h"
#include "farm/client/client.h"
#include "farm/client/disk.h"
#include "farm/virt/domain-xml.h"

enum create_kind {
	CREATE_NEW,
	CREATE_RESUMED, /* its domain is defined and says that it was not completed */
	CREATE_THERE    /* it is complete */
};

struct create_client {
	const char *label; /* as in struct client */
	char *name;
	enum create_kind kind;
	char uuid[RECORD_UUID_SIZE];
	char *disk; /* path */
	enum disk_kind disk_kind;
	struct record record;
	struct client client; /* domain: NULL until it is defined */
	char *xml;            /* of a new one */
	bool failed;
};

struct create_plan {
	struct client_session *session;
	const struct client_host *host;
	struct net_farm farm;
	enum domain_xml_type type;
	struct create_client *client;
	size_t n;
	uint32_t *used; /* addresses */
	size_t n_used;
};

/* The channel that new clients follow. */
const char *create_channel(const struct farm_context *context);

/* Its generation; 0: the share has no such channel, or nothing was published in it. */
uint32_t create_generation(const struct farm_context *context);

/* Check what was asked for by itself, and the settings, before libvirt is asked. Returns 0, or
 * -errno after a message. */
int create_check(struct farm_context *context, char *const *names);

/* Check all that can be checked, and decide: nothing is changed. Returns 0, or -errno after a
 * message. create_plan_free() follows in either case. */
int create_plan_make(struct create_plan *plan, struct client_session *session, char *const *names);
void create_plan_free(struct create_plan *plan);

#endif
