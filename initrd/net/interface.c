#include "initrd/net/interface.h"

#include "initrd/clock.h"
#include "initrd/fail.h"
#include "initrd/log.h"
#include "initrd/modules.h"
#include "initrd/net/netlink.h"

#include <errno.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOPBACK   1  /* the kernel's first interface in every network namespace */
#define LINKS_MAX  16 /* Ethernet interfaces that are looked at */
#define POLL_MS    10
#define RESCAN_MS  200  /* how often to look for devices that appeared */
#define SPEAK_MS   2000 /* after this, log what is waited for */
#define DAD_MS     10000
#define VLAN_UP_MS 2000

struct link {
	int index;
	char name[XF_IFNAME_MAX];
	uint8_t mac[6];
	unsigned int flags; /* IFF_* */
	bool queues;        /* has a queueing discipline that sends */
};

struct link_list {
	unsigned int n;
	struct link link[LINKS_MAX];
};

/* netlink_visit: collect Ethernet interfaces. */
static void collect(const struct nlmsghdr *message, void *context)
{
	const struct ifinfomsg *info = NLMSG_DATA(message);
	const struct rtattr *name = netlink_find(message, sizeof(*info), IFLA_IFNAME, 1);
	const struct rtattr *mac = netlink_find(message, sizeof(*info), IFLA_ADDRESS, 6);
	const struct rtattr *queue = netlink_find(message, sizeof(*info), IFLA_QDISC, 1);
	struct link_list *links = context;
	struct link *link;

	if (message->nlmsg_type != RTM_NEWLINK || info->ifi_type != ARPHRD_ETHER || !name || !mac ||
		links->n == LINKS_MAX)
		return;
	link = &links->link[links->n++];
	link->index = info->ifi_index;
	link->flags = info->ifi_flags;
	link->queues = queue && strcmp(RTA_DATA(queue), "noop") != 0;
	snprintf(link->name, sizeof(link->name), "%s", (const char *)RTA_DATA(name));
	memcpy(link->mac, RTA_DATA(mac), sizeof(link->mac));
}

static int list_links(int fd, struct link_list *links)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct netlink_request request;

	links->n = 0;
	netlink_begin(&request, RTM_GETLINK, NLM_F_DUMP, &info, sizeof(info));
	return netlink_ask(fd, &request, collect, links);
}

static int set_up(int fd, int index, bool up)
{
	struct ifinfomsg info = {
		.ifi_index = index, .ifi_flags = up ? IFF_UP : 0, .ifi_change = IFF_UP
	};
	struct netlink_request request;

	netlink_begin(&request, RTM_NEWLINK, 0, &info, sizeof(info));
	return netlink_ask(fd, &request, NULL, NULL);
}

static int set_mtu(int fd, int index, uint32_t mtu)
{
	struct ifinfomsg info = { .ifi_index = index };
	struct netlink_request request;

	netlink_begin(&request, RTM_NEWLINK, 0, &info, sizeof(info));
	netlink_add(&request, IFLA_MTU, &mtu, sizeof(mtu));
	return netlink_ask(fd, &request, NULL, NULL);
}

/* fail_note() for a request that the kernel refused, with the kernel's own message; 0 stays 0. */
static int explain(int error, const char *doing, const char *object)
{
	return error ? fail_note(error, NULL, "%s %s (%s)", doing, object, netlink_reason()) : 0;
}

static bool is_wanted(const struct xfnet *net, const struct link *link)
{
	switch (net->select) {
	case XF_IF_NAME:
		return strcmp(link->name, net->ifname) == 0;
	case XF_IF_MAC:
		return memcmp(link->mac, net->mac, sizeof(link->mac)) == 0;
	default:
		return true;
	}
}

/*
 * Up, with carrier, and the queue in operation: what is sent now leaves the machine. IFF_RUNNING
 * means the same, but the kernel sets it up to a second late.
 */
static bool is_running(const struct link *link)
{
	const unsigned int up = IFF_UP | IFF_LOWER_UP;

	return (link->flags & up) == up && link->queues;
}

struct choice {
	const struct xf_cmdline *cmdline;
	unsigned int n_raised;
	int raised[LINKS_MAX]; /* indices of interfaces that were down */
	bool seen;             /* one that is wanted was found */
};

/* Bring up what is wanted and down; find the first that is running. Returns 1 if *chosen is set, 0
 * or -errno. */
static int choose_once(int fd, struct choice *choice, struct link *chosen)
{
	struct link_list links;
	int error = explain(list_links(fd, &links), "listing", "interfaces");

	for (unsigned int i = 0; !error && i < links.n; i++) {
		const struct link *link = &links.link[i];

		if (!is_wanted(&choice->cmdline->net, link))
			continue;
		choice->seen = true;
		if (is_running(link)) {
			*chosen = *link;
			return 1;
		}
		if (link->flags & IFF_UP || choice->n_raised == LINKS_MAX)
			continue;
		error = explain(set_up(fd, link->index, true), "bringing up", link->name);
		choice->raised[choice->n_raised++] = link->index;
	}
	return error;
}

static const char *wanted_text(const struct xfnet *net, char text[static XF_MAC_TEXT_MAX])
{
	if (net->select == XF_IF_NAME)
		return net->ifname;
	if (net->select == XF_IF_CARRIER)
		return "an Ethernet interface";
	return xf_mac_format(net->mac, '-', text);
}

static int nothing_chosen(const struct choice *choice)
{
	char text[XF_MAC_TEXT_MAX];
	const char *wanted = wanted_text(&choice->cmdline->net, text);

	if (choice->seen)
		return fail_note(-ENETDOWN, "is the cable, or the bridge on the server, connected?",
			"%s has no carrier", wanted);
	return fail_note(-ENODEV,
		choice->cmdline->net.select == XF_IF_NAME
			? "names are the kernel's, like eth0; a MAC is safer"
			: "is its driver in the initrd (xf-mkinitrd)?",
		"%s not found", wanted);
}

/* Wait for the interface that is wanted. */
static int choose(int fd, struct choice *choice, struct link *chosen)
{
	uint64_t begin = clock_ms(), rescan = begin + RESCAN_MS, speak = begin + SPEAK_MS;
	uint64_t deadline = begin + (uint64_t)choice->cmdline->timeout * 1000;
	char text[XF_MAC_TEXT_MAX];
	int found;

	while ((found = choose_once(fd, choice, chosen)) == 0) {
		uint64_t now = clock_ms();

		if (now >= deadline)
			return nothing_chosen(choice);
		if (now >= speak) {
			log_info("waiting for %s %s", wanted_text(&choice->cmdline->net, text),
				choice->seen ? "to have carrier" : "to appear");
			speak = deadline;
		}
		if (now >= rescan) {
			modules_rescan();
			rescan = clock_ms() + RESCAN_MS;
		}
		poll(NULL, 0, POLL_MS);
	}
	return found < 0 ? found : 0;
}

static void lower_others(int fd, const struct choice *choice, const struct link *chosen)
{
	for (unsigned int i = 0; i < choice->n_raised; i++)
		if (choice->raised[i] != chosen->index)
			set_up(fd, choice->raised[i], false);
}

static int add_vlan(int fd, int parent, const char *name, uint16_t id)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct netlink_request request;
	size_t link_info, data;
	int error;

	netlink_begin(&request, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
	netlink_add(&request, IFLA_LINK, &parent, sizeof(parent));
	netlink_add(&request, IFLA_IFNAME, name, strlen(name) + 1);
	link_info = netlink_nest(&request, IFLA_LINKINFO);
	netlink_add(&request, IFLA_INFO_KIND, "vlan", sizeof("vlan"));
	data = netlink_nest(&request, IFLA_INFO_DATA);
	netlink_add(&request, IFLA_VLAN_ID, &id, sizeof(id));
	netlink_nest_end(&request, data);
	netlink_nest_end(&request, link_info);
	error = netlink_ask(fd, &request, NULL, NULL);
	return error == -EEXIST ? 0 : error; /* this step is run again after a failure */
}

/* Find a link by name and wait until it runs. */
static int wait_running(int fd, const char *name, struct link *found)
{
	uint64_t deadline = clock_ms() + VLAN_UP_MS;

	for (;;) {
		struct link_list links;
		int error = list_links(fd, &links);

		for (unsigned int i = 0; !error && i < links.n; i++)
			if (strcmp(links.link[i].name, name) == 0) {
				*found = links.link[i];
				if (!(found->flags & IFF_UP))
					error = set_up(fd, found->index, true);
				else if (is_running(found))
					return 0;
			}
		if (error || clock_ms() >= deadline)
			return error ? error : -ETIMEDOUT;
		poll(NULL, 0, POLL_MS);
	}
}

/* Put a VLAN link on *link and let *link be that one. */
static int raise_vlan(int fd, uint16_t id, struct link *link, struct net_interface *interface)
{
	struct link vlan;
	char name[XF_IFNAME_MAX];
	int error;

	if (snprintf(name, sizeof(name), "%s.%u", link->name, id) >= (int)sizeof(name))
		return fail_note(
			-ENAMETOOLONG, "use the kernel's name, like eth0", "%s.%u", link->name, id);
	error = explain(add_vlan(fd, link->index, name, id), "adding the VLAN", name);
	if (!error)
		error = explain(wait_running(fd, name, &vlan), "bringing up", name);
	if (error)
		return error;
	interface->parent_index = link->index;
	memcpy(interface->parent, link->name, sizeof(interface->parent));
	*link = vlan;
	return 0;
}

static size_t address_bytes(const struct xf_addr *address)
{
	return address->family == 6 ? 16 : 4;
}

static int address_family(const struct xf_addr *address)
{
	return address->family == 6 ? AF_INET6 : AF_INET;
}

/* The one given, or the last address of the network; family 0 where there is none. */
static struct xf_addr broadcast_of(const struct xfnet *net)
{
	struct xf_addr broadcast = net->client;

	if (net->broadcast.family)
		return net->broadcast;
	if (net->client.family != 4 || net->prefix > 30)
		broadcast.family = 0;
	for (unsigned int bit = net->prefix; broadcast.family && bit < 32; bit++)
		broadcast.byte[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return broadcast;
}

/* type: RTM_NEWADDR or RTM_DELADDR */
static int change_address(int fd, int type, int index, const struct xfnet *net)
{
	const struct xf_addr broadcast = broadcast_of(net);
	const size_t size = address_bytes(&net->client);
	struct ifaddrmsg info = {
		.ifa_family = (uint8_t)address_family(&net->client),
		.ifa_prefixlen = net->prefix,
		.ifa_index = (uint32_t)index,
	};
	struct netlink_request request;

	netlink_begin(&request, type, type == RTM_NEWADDR ? NLM_F_CREATE | NLM_F_REPLACE : 0, &info,
		sizeof(info));
	netlink_add(&request, IFA_LOCAL, net->client.byte, size);
	netlink_add(&request, IFA_ADDRESS, net->client.byte, size);
	if (broadcast.family)
		netlink_add(&request, IFA_BROADCAST, broadcast.byte, size);
	return netlink_ask(fd, &request, NULL, NULL);
}

struct address_state {
	int index;
	const struct xf_addr *address;
	unsigned int flags; /* IFA_F_* */
};

/* netlink_visit: the state of one address. */
static void read_address(const struct nlmsghdr *message, void *context)
{
	const struct ifaddrmsg *info = NLMSG_DATA(message);
	const struct rtattr *address = netlink_find(message, sizeof(*info), IFA_ADDRESS, 16);
	struct address_state *state = context;

	if (message->nlmsg_type == RTM_NEWADDR && (int)info->ifa_index == state->index && address &&
		memcmp(RTA_DATA(address), state->address->byte, 16) == 0)
		state->flags = info->ifa_flags;
}

/* Wait until duplicate-address detection (RFC 4862) has an answer: before, nothing can be sent. */
static int wait_unique(int fd, const struct link *link, const struct xfnet *net)
{
	const struct xf_addr *address = &net->client;
	uint64_t deadline = clock_ms() + DAD_MS;
	char text[XF_ADDR_TEXT_MAX];

	for (;;) {
		struct address_state state = { link->index, address, IFA_F_TENTATIVE };
		struct ifaddrmsg info = { .ifa_family = AF_INET6 };
		struct netlink_request request;
		int error;

		netlink_begin(&request, RTM_GETADDR, NLM_F_DUMP, &info, sizeof(info));
		error = explain(
			netlink_ask(fd, &request, read_address, &state), "listing", "addresses");
		if (error)
			return error;
		if (state.flags & IFA_F_DADFAILED) {
			/* Only an address that is new is looked for again. */
			change_address(fd, RTM_DELADDR, link->index, net);
			return fail_note(-EADDRINUSE,
				"each client needs an address of its own in xfnet=",
				"another machine has %s on %s", xf_addr_format(address, text),
				link->name);
		}
		if (!(state.flags & IFA_F_TENTATIVE))
			return 0;
		if (clock_ms() >= deadline)
			return fail_note(-ETIMEDOUT, NULL,
				"duplicate address detection of %s on %s",
				xf_addr_format(address, text), link->name);
		poll(NULL, 0, POLL_MS);
	}
}

static int add_default_route(int fd, int index, const struct xf_addr *gateway)
{
	struct rtmsg info = {
		.rtm_family = (uint8_t)address_family(gateway),
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_BOOT,
		.rtm_scope = RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
	};
	struct netlink_request request;

	netlink_begin(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &info, sizeof(info));
	netlink_add(&request, RTA_GATEWAY, gateway->byte, address_bytes(gateway));
	netlink_add(&request, RTA_OIF, &index, sizeof(index));
	return netlink_ask(fd, &request, NULL, NULL);
}

static int configure(int fd, const struct xfnet *net, const struct link *link)
{
	char text[XF_ADDR_TEXT_MAX];
	int error = explain(change_address(fd, RTM_NEWADDR, link->index, net),
		"setting the address", xf_addr_format(&net->client, text));

	if (!error && net->client.family == 6)
		error = wait_unique(fd, link, net);
	if (!error && net->gateway.family)
		error = explain(add_default_route(fd, link->index, &net->gateway),
			"routing through", xf_addr_format(&net->gateway, text));
	return error;
}

static int raise_interface(
	int fd, const struct xf_cmdline *cmdline, struct net_interface *interface)
{
	struct choice choice = { .cmdline = cmdline };
	struct link link;
	int error = explain(set_up(fd, LOOPBACK, true), "bringing up", "lo");

	if (!error)
		error = choose(fd, &choice, &link);
	if (error)
		return error;
	lower_others(fd, &choice, &link);
	if (cmdline->mtu)
		error = explain(
			set_mtu(fd, link.index, cmdline->mtu), "setting the MTU of", link.name);
	if (!error && cmdline->vlan)
		error = raise_vlan(fd, cmdline->vlan, &link, interface);
	if (!error)
		error = configure(fd, &cmdline->net, &link);
	if (error)
		return error;
	interface->index = link.index;
	memcpy(interface->name, link.name, sizeof(interface->name));
	memcpy(interface->mac, link.mac, sizeof(interface->mac));
	return 0;
}

int interface_up(const struct xf_cmdline *cmdline, struct net_interface *interface)
{
	int fd = netlink_open();
	int error;

	memset(interface, 0, sizeof(*interface));
	if (fd < 0)
		return fail_note(fd, "is this kernel built without networking?", "rtnetlink");
	error = raise_interface(fd, cmdline, interface);
	close(fd);
	return error;
}
