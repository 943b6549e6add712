/*
 * The masters' network in libvirt: behind the server by NAT, so that masters reach package mirrors,
 * or with a package proxy on the server alone. Clients are never in it.
 *
 * A master's interface has a MAC that is made of its address, and the network's DHCP knows all
 * pairs from the beginning: nothing in it changes when masters come and go.
 */
#ifndef FARM_MASTER_NETWORK_H
#define FARM_MASTER_NETWORK_H

#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel-cmdline/xfnet.h"

#define MASTER_NETWORK_HOSTS_MAX 250

struct master_network {
	const char *name, *bridge;
	struct xf_addr server; /* IPv4 */
	uint8_t prefix;        /* bits */
	bool reaches_out;      /* by NAT */
};

/* server and prefix from "ADDRESS/PREFIX". NULL, or what is wrong: a static text that follows it in
 * a sentence. */
const char *master_network_parse(struct master_network *network, const char *text);

/* The nth address for a master, from 0. Returns false if there are no more. */
bool master_network_address(
	const struct master_network *network, unsigned int n, struct xf_addr *address);

/* libvirt's XML, the caller's to free; NULL without memory. */
char *master_network_xml(const struct master_network *network);

/* The address that a MAC was made of. False if it is none of domain_xml_mac(). */
bool master_network_of_mac(const char *mac, struct xf_addr *address);

/* Define it if it is missing, and start it if it is off. 0, or -errno after a message. */
int master_network_start(virConnectPtr connection, const struct master_network *network);

#endif
