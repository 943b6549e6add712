/* xf-agentd: its commands, and who it is. See docs/xf-agentd.8. */
#ifndef AGENT_SERVICE_AGENTD_H
#define AGENT_SERVICE_AGENTD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "agent/service/call.h"
#include "lib/fleet/fleet.h"

#define AGENTD_USER    "xf-agentd" /* and its group */
#define AGENTD_SERVERS 8

struct agentd {
	char name[FLEET_NAME_MAX + 1];
	char address[INET6_ADDRSTRLEN]; /* this client's, where it listens */
	char mounted[INET6_ADDRSTRLEN]; /* the server that answered xf-init; "": unknown */
	struct sockaddr_storage server[AGENTD_SERVERS];
	unsigned int n_servers;
};

/* From xf-init's record of the boot. Returns 0; -ENOENT: this is not a client; or -EINVAL. */
int agentd_read(struct agentd *agentd);
/* Parse: no I/O. */
int agentd_parse(const char *record, struct agentd *agentd);

/* One of the servers, from a port that only root can have. context: the agentd. */
bool agentd_admits(void *context, const struct sockaddr_storage *peer);

/* An address and the protocol's port. Returns its size; 0: not an address. */
socklen_t agentd_endpoint(const char *address, struct sockaddr_storage *endpoint);

/* answers.c: what is served; the context of its procedures is the agentd. */
extern const struct call_program agentd_program;

/*
 * work.c: do once what was asked for, as root. Returns 0, or -errno after a message; what was asked
 * for is then still asked for, or was refused.
 */
int agentd_work(void);

/* work-message.c: deliver what was asked for; bring motd up to date. */
int agentd_deliver(int asked, int reports);
/* work-preview.c */
int agentd_preview(int asked, int reports);

/* --- parts of work.c --- */

/*
 * Call do_one for the files of a directory whose names begin with prefix, with what follows it, at
 * most limit of them. Returns 0 or the first error.
 */
int agentd_each(int dir, const char *prefix, unsigned int limit,
	int (*do_one)(void *context, int dir, const char *name, const char *rest), void *context);

#endif
