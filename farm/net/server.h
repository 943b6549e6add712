/*
 * This server, as `init` and `doctor` know it: the farm of xenfarm.conf, the shares and clients
 * that there are, the files that it should have, and libvirt's network.
 */
#ifndef FARM_NET_SERVER_H
#define FARM_NET_SERVER_H

#include <libvirt/libvirt.h>
#include <stdbool.h>

#include "farm/net/files.h"
#include "farm/net/network.h"
#include "farm/settings.h"
#include "lib/manifest/manifest.h"

struct net_server {
	struct net_farm farm;
	struct net_share *share; /* those that exist, farm.share */
	char (*uuid)[MANIFEST_UUID_MAX];
	struct net_client *client;
	size_t n_clients;
	virConnectPtr connection; /* or NULL */
	struct net_network network;
	struct net_farm masters; /* name and bridge of their network, no more */
	struct net_facts facts;
	struct net_plan plan;
	int root; /* fd of "/" */
};

/* Is libvirt's host this one? Files, rules and bridges of another cannot be reached from here. */
bool net_server_is_here(const char *uri);

/* The farm that the settings describe, without its shares. Returns 0, or -errno after a message
 * that names the setting. */
int net_server_farm(const struct farm_settings *settings, struct net_farm *farm);

/* The other servers of the settings into a farm whose own address is known: farm->other. Returns as
 * that. */
int net_server_others(const struct farm_settings *settings, struct net_farm *farm);

/* Begin: the farm of the settings. Returns 0, or -errno after a message. net_server_free() follows
 * in either case. */
int net_server_begin(struct net_server *server, const struct farm_settings *settings);
void net_server_free(struct net_server *server);
#define AUTO_NET_SERVER __attribute__((cleanup(net_server_free)))

/* Connect to libvirt, and see the clients and the network there. Returns 0, or -errno after a
 * message. */
int net_server_connect(struct net_server *server, const char *uri, bool read_only);

/*
 * See which shares exist: those of the settings, and the one at path. If that is still to be made,
 * it counts with a text in place of its UUID. Returns 0, or -errno after a message.
 */
int net_server_shares(
	struct net_server *server, const struct farm_settings *settings, const char *path);

/* Look at the machine, and make the plan. Returns 0, or -errno after a message. */
int net_server_plan(struct net_server *server);

#endif
