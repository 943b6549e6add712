/* A farm for the tests of its network; included after <cmocka.h>. */
#ifndef FARM_NET_TEST_FARM_H
#define FARM_NET_TEST_FARM_H

#include "farm/net/net.h"
#include "lib/array.h"

#define UUID "5f2c0e0a-6f2b-4b1e-9f7a-0d7c3c6a9f11"

static const struct net_share shares[] = { { "/srv/xenfarm/share", UUID } };

static struct net_farm farm_of(const char *address)
{
	struct net_farm farm = {
		.network = "xenfarm",
		.bridge = "xenfarm0",
		.share = shares,
		.n_shares = ARRAY_SIZE(shares),
		.boot = "/var/lib/xenfarm/boot",
		.disks = "/var/lib/libvirt/images",
	};

	assert_null(net_parse_address(&farm, address));
	assert_null(net_parse_ports(&farm, "2049"));
	return farm;
}

#endif
