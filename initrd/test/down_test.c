/* All interfaces are down before the machine ends. */
#include "initrd/net/down.h"
#include "initrd/test/netns.h"
#include "lib/test/tap.h"

int main(void)
{
	const char *reason = netns_enter();

	if (reason) {
		printf("ok 1 - interfaces # SKIP %s\n1..1\n", reason);
		return 0;
	}
	netns_fresh();
	CHECK(netns_cable("eth0", 1) && netns_cable("eth1", 2), "two interfaces");
	CHECK(netns_run("ip link set lo up && ip link set eth0 up && ip link set eth1 up"),
		"they are up");
	down_all();
	CHECK(!netns_run("ip -o link show up | grep ."), "none is, afterwards");
	netns_leave();
	return tap_done();
}
