/*
 * The internal interface: chosen, brought up and given its address before anything is mounted.
 */
#ifndef INITRD_INTERFACE_H
#define INITRD_INTERFACE_H

#include "kernel-cmdline/xfnet.h"

#include <stdint.h>

struct net_interface {
	int index;
	char name[XF_IFNAME_MAX];
	uint8_t mac[6];
	int parent_index;           /* below a VLAN: the NIC itself; else 0 */
	char parent[XF_IFNAME_MAX]; /* likewise; else "" */
};

/*
 * Bring up lo and the interface of xfnet= (by name, by MAC, or the first Ethernet one that has
 * carrier), with MTU, VLAN, address, and a default route if there is a gateway. Waits for NICs that
 * appear late, and for carrier, up to xftimeout=. On return, an IPv6 address is known to be unique.
 * Interfaces that were brought up to look for carrier, and were not chosen, are taken down again.
 * Returns 0, or -errno after fail_note().
 */
int interface_up(const struct xf_cmdline *cmdline, struct net_interface *interface);

#endif
