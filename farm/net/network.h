/* libvirt's network of the farm. What fails here says so itself, unless it is said otherwise. */
#ifndef FARM_NET_NETWORK_H
#define FARM_NET_NETWORK_H

#include <libvirt/libvirt.h>
#include <stdbool.h>

#include "farm/net/net.h"
#include "lib/buf.h"

enum net_network_state {
	NET_NETWORK_ABSENT,
	NET_NETWORK_SAME,
	NET_NETWORK_OLD, /* ours, but not what the settings say */
	NET_NETWORK_FOREIGN
};

struct net_network {
	enum net_network_state state;
	const char *differs; /* what does, static text; NULL where state is not OLD */
	/* Of one that is there: */
	bool ours; /* it is marked so */
	char uuid[VIR_UUID_STRING_BUFLEN];
	bool active, autostart;
};

/*
 * Compare libvirt's XML of a network with the farm's. A network of the same name that is not marked
 * as ours is FOREIGN, unless it says the same. No I/O, no message. Returns 0, -EINVAL or -ENOMEM.
 */
int net_network_compare(const char *xml, const struct net_farm *farm, struct net_network *network);

/* Look at what libvirt has. Returns 0 or -errno. */
int net_network_look(
	virConnectPtr connection, const struct net_farm *farm, struct net_network *network);

/* Define it, in place of the one that was found; have it started with libvirt, and start it; what
 * is so already stays so. Return 0 or -errno. */
int net_network_define(
	virConnectPtr connection, const struct net_farm *farm, const struct net_network *found);
int net_network_autostart(virConnectPtr connection, const struct net_farm *farm);
int net_network_start(virConnectPtr connection, const struct net_farm *farm);

/* Stop it; it has to be defined. Stop and undefine it. Return 0; -EBUSY if it has a port: a client
 * runs; or another -errno. */
int net_network_stop(virConnectPtr connection, const struct net_farm *farm);
int net_network_remove(virConnectPtr connection, const struct net_farm *farm);

/*
 * Did xenfarm define the network of that name, the clients' or the masters'? Returns 1, 0 (also
 * where there is none), or -errno.
 */
int net_network_is_ours(virConnectPtr connection, const char *name);

/* Append the names of the domains, running or not, that have an interface in it: " a b". Returns 0
 * or -errno. */
int net_network_users(virConnectPtr connection, const char *name, struct buf *names);

/* How many ports the bridge has; 0 if there is none. */
size_t net_bridge_ports(const char *bridge);

#endif
