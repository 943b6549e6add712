/*
 * The texts that make a server of a farm: pure functions of its description. Each appends to a
 * buffer, which remembers a failed allocation.
 */
#ifndef FARM_NET_COMPOSE_H
#define FARM_NET_COMPOSE_H

#include "farm/net/net.h"
#include "lib/buf.h"

/*
 * libvirt's <network>: isolated ports, no DHCP, no DNS, no way to other networks. uuid is that of
 * the network that it takes the place of, or NULL.
 */
void net_compose_network(const struct net_farm *farm, const char *uuid, struct buf *out);

/*
 * The nftables ruleset, for `nft -f`: tables xenfarm of the families inet and bridge, which replace
 * those that are there, in one transaction.
 */
void net_compose_rules(
	const struct net_farm *farm, const struct net_client *clients, size_t n, struct buf *out);

/* exports(5): the shares for the clients' network, each with fsid= from its UUID, so that a copy of
 * the disk in another server can take over mounted clients. */
void net_compose_exports(const struct net_farm *farm, struct buf *out);

/* A path as exports(5) and etab have it. */
void net_compose_export_path(const char *path, struct buf *out);

/*
 * nfs.conf(5). n_clients is how many there are; alone: the server exports nothing but the farm's
 * shares, so that nfsd can be bound to the farm's address.
 */
void net_compose_nfs_conf(
	const struct net_farm *farm, size_t n_clients, bool alone, struct buf *out);

/* A drop-in of nfs-server.service: an address that libvirt has yet to make cannot be bound to. */
void net_compose_nfs_unit(const struct net_farm *farm, struct buf *out);

/* AppArmor: what virt-aa-helper(8) has to read beyond its own profile. Nothing if that is enough.
 */
void net_compose_apparmor(const struct net_farm *farm, struct buf *out);

/* The unit that loads the rules from the file at path, before libvirt starts a domain. */
void net_compose_unit(const char *path, struct buf *out);

/* A vif script of Xen: the distribution's vif-bridge, and then what it does not do. */
void net_compose_vif_script(struct buf *out);

/*
 * The first lines of a file that is ours: a comment with a digest of all else in the file, by which
 * it is seen whether somebody has changed it. net_sign() puts it at the front of content, after a
 * line that begins with "#!". Returns 0 or -errno.
 */
int net_sign(struct buf *content);

enum net_owner { NET_OURS, NET_EDITED /* ours once */, NET_FOREIGN };
enum net_owner net_owner(const char *content, size_t n);

#endif
