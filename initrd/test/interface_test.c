/* interface_up() on real interfaces: virtual cables in a namespace of its own. */
#include "initrd/net/interface.h"

#include "initrd/test/fake.h"
#include "initrd/test/netns.h"
#include "lib/test/tap.h"

#include <errno.h>
#include <stdlib.h>

static struct xf_cmdline cmdline;
static struct net_interface interface;

/* Begin a case: an empty network, and a command line with this xfnet=. */
static void begin(const char *xfnet)
{
	static struct xf_problems problems;
	char text[256];
	int n = snprintf(text, sizeof(text), "xfnet=%s xftimeout=5", xfnet);

	fake_reset();
	netns_fresh();
	if (xf_cmdline_parse(text, (size_t)n, &cmdline, &problems)) {
		printf("Bail out! %s: %s\n", xfnet, problems.problem[0].what);
		exit(1);
	}
}

/* Two cables, eth0 and eth1; which far ends are up is up to the case. */
static void two_cables(void)
{
	CHECK(netns_cable("eth0", 1) && netns_cable("eth1", 2), "cables are laid");
}

static void test_carrier(void)
{
	begin("10.7.0.2/24:10.7.0.1");
	two_cables();
	netns_far("ip link set far2 up");
	CHECK(interface_up(&cmdline, &interface) == 0, "the first interface that has carrier");
	CHECK_STR(interface.name, "eth1", "is the second one");
	CHECK(memcmp(interface.mac, "\x02\0\0\0\0\x02", 6) == 0, "with its MAC");
	CHECK(interface.parent_index == 0 && !interface.parent[0], "it has no parent");
	CHECK(netns_shows("ip -o addr show eth1", "inet 10.7.0.2/24 brd 10.7.0.255"),
		"address, prefix and broadcast");
	CHECK(!netns_run("ip -o link show up dev eth0 | grep -q eth0"),
		"the other one is down again");
	CHECK(netns_shows("ip -o addr show lo", "127.0.0.1"), "lo is up");
	CHECK(!netns_run("ip route | grep -q default"), "no gateway, no default route");
}

static void test_mac_and_gateway(void)
{
	begin("10.7.0.2:10.7.0.1:10.7.0.9:10.7.0.127:02-00-00-00-00-02");
	cmdline.mtu = 1400;
	two_cables();
	netns_far("ip link set far1 up");
	netns_far("ip link set far2 up");
	CHECK(interface_up(&cmdline, &interface) == 0, "an interface by its MAC, with a gateway");
	CHECK_STR(interface.name, "eth1", "is the one with that MAC");
	CHECK(netns_shows("ip -o addr show eth1", "inet 10.7.0.2/25 brd 10.7.0.127"),
		"the broadcast address that was given");
	CHECK(netns_shows("ip -o link show eth1", "mtu 1400"), "the MTU");
	CHECK(netns_shows("ip route", "default via 10.7.0.9 dev eth1"), "the default route");
	CHECK(!netns_run("ip -o link show up dev eth0 | grep -q eth0"),
		"the other one is not touched");
	CHECK(interface_up(&cmdline, &interface) == 0, "the step can be run again");
	cmdline.mtu = 1000000;
	CHECK(interface_up(&cmdline, &interface) == -EINVAL, "an MTU that the driver refuses");
	CHECK(strstr(fake_object, "MTU of eth1 (") && !strstr(fake_object, "()"),
		"is explained in the kernel's words");
}

static void test_name(void)
{
	begin("10.7.0.2/24:10.7.0.1:::eth0");
	two_cables();
	netns_far("ip link set far1 up");
	netns_far("ip link set far2 up");
	CHECK(interface_up(&cmdline, &interface) == 0, "an interface by its name");
	CHECK_STR(interface.name, "eth0", "is that one");
}

static void test_missing(void)
{
	begin("10.7.0.2/24:10.7.0.1:::ens3");
	cmdline.timeout = 0;
	two_cables();
	CHECK(interface_up(&cmdline, &interface) == -ENODEV, "a name that is not there");
	CHECK_STR(fake_object, "ens3 not found", "is named");
	begin("10.7.0.2/24:10.7.0.1:::02-00-00-00-00-01");
	cmdline.timeout = 0;
	two_cables();
	CHECK(interface_up(&cmdline, &interface) == -ENETDOWN, "no carrier");
	CHECK_STR(fake_object, "02-00-00-00-00-01 has no carrier", "is said of the right one");
	begin("10.7.0.2/24:10.7.0.1");
	cmdline.timeout = 0;
	CHECK(interface_up(&cmdline, &interface) == -ENODEV, "no interface at all");
}

static void plug_in(void)
{
	static int calls;

	if (++calls == 2)
		netns_cable("eth0", 1);
	else if (calls == 4)
		netns_far("ip link set far1 up");
}

static void test_late(void)
{
	begin("10.7.0.2/24:10.7.0.1");
	fake_rescan = plug_in;
	CHECK(interface_up(&cmdline, &interface) == 0,
		"a NIC that appears late, with later carrier");
	CHECK_STR(interface.name, "eth0", "is taken");
}

static void test_ipv6(void)
{
	begin("[fd00::b]/64:[fd00::1]:[fd00::9]");
	two_cables();
	netns_far("ip link set far1 up");
	CHECK(interface_up(&cmdline, &interface) == 0, "IPv6, with a gateway");
	CHECK(netns_shows("ip -o -6 addr show eth0", "inet6 fd00::b/64 scope global"),
		"the address");
	CHECK(!netns_run("ip -6 addr show eth0 | grep fd00::b | grep -q tentative"),
		"duplicate detection is over");
	CHECK(netns_shows("ip -6 route", "default via fd00::9 dev eth0"), "the default route");
}

static void test_duplicate(void)
{
	begin("[fd00::b]/64:[fd00::1]:::eth0");
	two_cables();
	netns_far("ip addr add fd00::b/64 dev far1 nodad");
	netns_far("ip link set far1 up");
	CHECK(interface_up(&cmdline, &interface) == -EADDRINUSE,
		"an IPv6 address that another has");
	CHECK_STR(fake_object, "another machine has fd00::b on eth0", "is named");
	netns_far("ip addr del fd00::b/64 dev far1");
	CHECK(interface_up(&cmdline, &interface) == 0, "and is taken once the other is gone");
}

static void test_vlan(void)
{
	begin("10.7.0.2/24:10.7.0.1");
	cmdline.vlan = 7;
	cmdline.mtu = 1400;
	two_cables();
	if (!netns_run("ip link add link eth1 name probe type vlan id 9 2>/dev/null")) {
		CHECK(1, "a VLAN # SKIP this kernel has no VLANs (8021q)");
		return;
	}
	netns_run("ip link del probe");
	netns_far("ip link set far1 up");
	CHECK(interface_up(&cmdline, &interface) == 0, "a VLAN");
	CHECK_STR(interface.name, "eth0.7", "its name");
	CHECK_STR(interface.parent, "eth0", "its parent");
	CHECK(netns_shows("ip -o addr show eth0.7", "inet 10.7.0.2/24"), "has the address");
	CHECK(netns_shows("ip -o link show eth0.7", "mtu 1400"), "and its parent's MTU");
	CHECK(interface_up(&cmdline, &interface) == 0, "the step can be run again");
	CHECK_STR(interface.name, "eth0.7", "and finds the same");
}

int main(void)
{
	const char *reason = netns_enter();

	if (reason) {
		printf("ok 1 - interfaces # SKIP %s\n1..1\n", reason);
		return 0;
	}
	test_carrier();
	test_mac_and_gateway();
	test_name();
	test_missing();
	test_late();
	test_ipv6();
	test_duplicate();
	test_vlan();
	netns_leave();
	return tap_done();
}
