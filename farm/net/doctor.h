/*
 * `xenfarm doctor`: questions to a server, each with an answer and, where something is wrong, with
 * what mends it. A check changes nothing, and is bounded in time.
 */
#ifndef FARM_NET_DOCTOR_H
#define FARM_NET_DOCTOR_H

#include <stdbool.h>

#include "farm/net/server.h"
#include "farm/xenfarm.h"

enum doctor_state {
	DOCTOR_OK,
	DOCTOR_WARNING, /* it works, but not as well as it could */
	DOCTOR_FAILED,
	DOCTOR_SKIPPED /* it does not apply here, or cannot be seen */
};

struct doctor_finding {
	enum doctor_state state;
	char text[4096]; /* what was found: the names of 300 ports, say */
	char mend[200];  /* a command, or what to do; "" */
};

/* What the checks look at. */
struct doctor {
	struct farm_context *context;
	struct net_server server;
	bool has_libvirt, has_share; /* connected; open, in context->share */
};

/* An answer. Each check gives one, the last one counts. */
__attribute__((format(printf, 2, 3))) void doctor_ok(
	struct doctor_finding *finding, const char *format, ...);
__attribute__((format(printf, 3, 4))) void doctor_warn(
	struct doctor_finding *finding, const char *mend, const char *format, ...);
__attribute__((format(printf, 3, 4))) void doctor_fail(
	struct doctor_finding *finding, const char *mend, const char *format, ...);
__attribute__((format(printf, 2, 3))) void doctor_skip(
	struct doctor_finding *finding, const char *format, ...);

struct doctor_check {
	const char *name; /* stays as it is for ever */
	void (*run)(struct doctor *doctor, struct doctor_finding *finding);
};

/* The checks by their subject; a name of NULL ends each. */
extern const struct doctor_check doctor_of_host[];    /* libvirt, programs, clock, space */
extern const struct doctor_check doctor_of_network[]; /* network, bridge, isolation */
extern const struct doctor_check doctor_of_nfs[];
extern const struct doctor_check doctor_of_share[];
extern const struct doctor_check doctor_of_servers[]; /* the other ones */

/* Is a file as the plan wants it? For checks that are no more than that. */
void doctor_file(struct doctor *doctor, const char *path, struct doctor_finding *finding);

/*
 * Look at the server, run all checks and call each with the answer. Returns how many failed, or
 * -errno after a message.
 */
int doctor_run(struct farm_context *context,
	void (*each)(void *arg, const char *name, const struct doctor_finding *finding), void *arg);

#endif
