/*
 * The clients' network, as xenfarm.conf describes it. No I/O here.
 *
 * A client is bound to its address: its port on the bridge has a name that is made from it
 * (net_device()), and a rule knows which MAC and which address belong to this port. So the rules
 * are complete before a domain is started, and a domain that is off leaves no gap.
 */
#ifndef FARM_NET_NET_H
#define FARM_NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel-cmdline/xfnet.h"

#define NET_DEVICE_MAX 16 /* IFNAMSIZ, NUL included */
#define NET_PORTS_MAX  16 /* of the server, that clients reach */
#define NET_OTHERS_MAX (XF_SERVERS_MAX - 1)

/* All ports of clients begin with this, and no others may: rules match them by it. */
#define NET_DEVICE_PREFIX "xf-"

/* Of the element in a network's metadata that marks it as ours: the clients' and the masters'. */
#define NET_NETWORK_NAMESPACE "urn:xenfarm:network:1"

struct net_share {
	const char *path; /* absolute */
	const char *uuid;
};

struct net_farm {
	const char *network, *bridge;         /* libvirt's name of the network; the bridge's */
	struct xf_addr server;                /* its address on the bridge */
	uint8_t prefix;                       /* bits */
	struct xf_addr other[NET_OTHERS_MAX]; /* servers of the same shares, in the network */
	size_t n_others;
	uint16_t port[NET_PORTS_MAX]; /* TCP */
	size_t n_ports;
	const struct net_share *share;
	size_t n_shares;
	const char *boot, *disks; /* directories */
};

struct net_client {
	struct xf_addr address;
	uint8_t mac[6];
};

/* "ADDRESS/PREFIX" into farm->server and prefix. Returns NULL, or what is wrong (static text). */
const char *net_parse_address(struct net_farm *farm, const char *text);

/* One more server's address, without a prefix, to the others of the farm, unless it is the server
 * itself or one of them. Comes after net_parse_address(). Returns as that. */
const char *net_add_other(struct net_farm *farm, const char *text);

/* All servers, in the order in which that client is to try them: each client begins with its own,
 * so that clients are spread over the servers. Returns how many. */
unsigned int net_servers_of(const struct net_farm *farm, const struct xf_addr *client,
	struct xf_addr server[static XF_SERVERS_MAX]);

/* Port numbers with blanks between them. Returns as net_parse_address(). */
const char *net_parse_ports(struct net_farm *farm, const char *text);

/* Can libvirt and the kernel have a bridge of that name? NULL, or what is wrong (static text). */
const char *net_check_bridge(const char *name);

/* "52:54:00:12:34:56" as bytes. Returns 0 or -EINVAL. */
int net_parse_mac(const char *text, uint8_t mac[static 6]);

/* Why a client cannot have that address (static text), or NULL if it can: it has to be in the
 * network, and not the server's, the network's or the broadcast address. */
const char *net_check_client(const struct net_farm *farm, const struct xf_addr *address);

/* The network's address: that of the server with all bits after the prefix zero. */
struct xf_addr net_base(const struct net_farm *farm);

/*
 * The name of a client's port, for <target dev=''/> of its interface: "xf-" and the address in
 * hexadecimal; of an IPv6 address the last six bytes.
 */
void net_device(const struct xf_addr *address, char name[static NET_DEVICE_MAX]);

#endif
