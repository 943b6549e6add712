/* What doctor asks of the clients' network: is it there, and is each client alone in it? */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "farm/net/doctor.h"
#include "farm/net/rules.h"
#include "lib/array.h"
#include "lib/cleanup.h"

static void check_network(struct doctor *d, struct doctor_finding *f)
{
	const struct net_network *network = &d->server.network;
	const char *name = d->server.farm.network;

	if (!d->has_libvirt)
		doctor_skip(f, "libvirt cannot be asked");
	else if (network->state == NET_NETWORK_ABSENT)
		doctor_fail(f, "xenfarm init", "libvirt has no network %s", name);
	else if (network->state == NET_NETWORK_FOREIGN)
		doctor_fail(f, "choose another `network` in xenfarm.conf, then: xenfarm init",
			"xenfarm did not make libvirt's network %s, and %s", name,
			network->differs);
	else if (network->state == NET_NETWORK_OLD)
		doctor_fail(f, "xenfarm init",
			"libvirt's network %s is not what the settings say: %s", name,
			network->differs);
	else
		doctor_ok(f, "%s: ports are isolated, no DHCP, no DNS", name);
}

static void check_active(struct doctor *d, struct doctor_finding *f)
{
	if (!d->has_libvirt || d->server.network.state == NET_NETWORK_ABSENT)
		doctor_skip(f, "there is no network to look at");
	else if (!d->server.network.active)
		doctor_fail(f, "xenfarm init", "the network is not started");
	else
		doctor_ok(f, "the network is started");
}

static void check_autostart(struct doctor *d, struct doctor_finding *f)
{
	if (!d->has_libvirt || d->server.network.state == NET_NETWORK_ABSENT)
		doctor_skip(f, "there is no network to look at");
	else if (!d->server.network.autostart)
		doctor_fail(f, "xenfarm init", "the network will not be started with libvirt");
	else
		doctor_ok(f, "the network will be started with libvirt");
}

/* Has the interface the address? */
static bool has_address(const struct ifaddrs *i, const struct xf_addr *address)
{
	const void *bytes;

	if (!i->ifa_addr)
		return false;
	if (address->family == 4 && i->ifa_addr->sa_family == AF_INET)
		bytes = &((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr;
	else if (address->family == 6 && i->ifa_addr->sa_family == AF_INET6)
		bytes = &((const struct sockaddr_in6 *)(const void *)i->ifa_addr)->sin6_addr;
	else
		return false;
	return memcmp(bytes, address->byte, address->family == 4 ? 4 : 16) == 0;
}

static void check_bridge(struct doctor *d, struct doctor_finding *f)
{
	const struct net_farm *farm = &d->server.farm;
	char text[XF_ADDR_TEXT_MAX], other[NET_DEVICE_MAX] = "";
	struct ifaddrs *list = NULL;
	bool found = false;

	xf_addr_format(&farm->server, text);
	if (getifaddrs(&list) < 0) {
		doctor_fail(f, "", "interfaces cannot be listed: %s", strerror(errno));
		return;
	}
	for (const struct ifaddrs *i = list; i; i = i->ifa_next)
		if (has_address(i, &farm->server)) {
			found |= strcmp(i->ifa_name, farm->bridge) == 0;
			snprintf(other, sizeof(other), "%s", i->ifa_name);
		}
	freeifaddrs(list);
	if (found)
		doctor_ok(f, "%s has %s", farm->bridge, text);
	else if (other[0])
		doctor_fail(f, "choose another `address` in xenfarm.conf, then: xenfarm init",
			"%s is an address of %s", text, other);
	else
		doctor_fail(f, "xenfarm init", "%s is missing, or has not the address %s",
			farm->bridge, text);
}

/* Call each port of the bridge. Returns how many there are, or -1 if there is no bridge. */
static int each_port(
	const struct net_farm *farm, void (*call)(void *arg, const char *port), void *arg)
{
	char path[PATH_MAX];
	AUTO_CLOSEDIR DIR *dir = NULL;
	const struct dirent *entry;
	int n = 0;

	snprintf(path, sizeof(path), "/sys/class/net/%s/brif", farm->bridge);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.') {
			call(arg, entry->d_name);
			n++;
		}
	return dir ? n : -1;
}

struct ports {
	const struct net_server *server;
	struct buf bad; /* the names of those that are not as they should be, " a b" */
	int n_bad;
};

static void add_bad(struct ports *ports, const char *port)
{
	buf_printf(&ports->bad, " %s", port);
	ports->n_bad++;
}

/* For a message; the buffer's. */
static const char *bad_names(struct ports *ports)
{
	buf_add(&ports->bad, "", 1);
	return ports->bad.failed ? "" : ports->bad.data;
}

static void look_for_flag(void *arg, const char *port)
{
	struct ports *ports = arg;

	if (net_port_is_isolated(ports->server->farm.bridge, port) != 1)
		add_bad(ports, port);
}

static void check_isolated(struct doctor *d, struct doctor_finding *f)
{
	struct ports ports = { .server = &d->server };
	int n = each_port(&d->server.farm, look_for_flag, &ports);

	if (n < 0)
		doctor_skip(f, "there is no bridge");
	else if (ports.n_bad)
		doctor_fail(f, "xenfarm init", "%d of %d ports are not isolated:%s", ports.n_bad, n,
			bad_names(&ports));
	else
		doctor_ok(f, n ? "all ports are isolated: %d" : "%d ports: no client runs", n);
	buf_free(&ports.bad);
}

/* A client's port has the name that its address gives. */
static void look_for_client(void *arg, const char *port)
{
	struct ports *ports = arg;
	char name[NET_DEVICE_MAX];

	for (size_t i = 0; i < ports->server->n_clients; i++) {
		net_device(&ports->server->client[i].address, name);
		if (strcmp(name, port) == 0)
			return;
	}
	add_bad(ports, port);
}

static void check_ports(struct doctor *d, struct doctor_finding *f)
{
	struct ports ports = { .server = &d->server };
	int n = d->has_libvirt ? each_port(&d->server.farm, look_for_client, &ports) : -1;

	if (n < 0)
		doctor_skip(f, "there is no bridge, or libvirt cannot be asked");
	else if (ports.n_bad)
		doctor_fail(f, "virsh domiflist, to find the domain; give it another network",
			"%d ports are no client's:%s", ports.n_bad, bad_names(&ports));
	else
		doctor_ok(f, "all ports are clients'");
	buf_free(&ports.bad);
}

static void check_rules_file(struct doctor *d, struct doctor_finding *f)
{
	if (d->has_libvirt)
		doctor_file(d, NET_RULES_PATH, f);
	else
		doctor_skip(f, "libvirt cannot be asked who the clients are");
}

static void check_rules(struct doctor *d, struct doctor_finding *f)
{
	int r = geteuid() == 0 ? net_rules_compare() : -EPERM;

	(void)d;
	if (r == -EPERM)
		doctor_skip(f, "only root sees the rules");
	else if (r < 0)
		doctor_fail(f, "xenfarm init", "the rules cannot be read: %s", strerror(-r));
	else if (r > 0)
		doctor_fail(f, "xenfarm init", "the kernel has not the rules of " NET_RULES_PATH);
	else
		doctor_ok(f, "the kernel has the rules of " NET_RULES_PATH);
}

static bool is_on(const char *setting)
{
	AUTO_CLOSE int fd = open(setting, O_RDONLY | O_CLOEXEC);
	char flag = '0';

	return fd >= 0 && read(fd, &flag, 1) == 1 && flag != '0';
}

/* Isolated ports do not help against a way through the server. */
static void check_forwarding(struct doctor *d, struct doctor_finding *f)
{
	bool router = is_on("/proc/sys/net/ipv4/ip_forward") ||
		      is_on("/proc/sys/net/ipv6/conf/all/forwarding");

	(void)d;
	if (!router)
		doctor_ok(f, "this server is not a router");
	else if (geteuid() != 0)
		doctor_skip(f, "this server is a router, and only root sees the rules");
	else if (net_rules_compare() != 0)
		doctor_fail(f, "xenfarm init",
			"this server is a router, and nothing stops clients from using it");
	else
		doctor_ok(f, "this server is a router, but not for clients");
}

/* Clients reach other servers through the bridge, and not by routes. */
static void check_bridged_frames(struct doctor *d, struct doctor_finding *f)
{
#define BRIDGE "/proc/sys/net/bridge/bridge-nf-call-"
	if (d->context->settings.n_servers == 0)
		doctor_skip(f, "xenfarm.conf has no other servers");
	else if (is_on(BRIDGE "iptables") || is_on(BRIDGE "ip6tables"))
		doctor_fail(f,
			"sysctl -w net.bridge.bridge-nf-call-iptables=0 "
			"net.bridge.bridge-nf-call-ip6tables=0",
			"rules for routers stop what clients send to other servers");
	else
		doctor_ok(f, "rules for routers are not asked about bridged frames");
}

static void check_unit(struct doctor *d, struct doctor_finding *f)
{
#define UNITS "/etc/systemd/system/"
	doctor_file(d, UNITS "xenfarm-net.service", f);
	if (f->state == DOCTOR_OK)
		doctor_file(d, UNITS "multi-user.target.wants/xenfarm-net.service", f);
	if (f->state == DOCTOR_OK)
		doctor_ok(f, "the rules are loaded when this server starts");
}

static void check_xen(struct doctor *d, struct doctor_finding *f)
{
	doctor_file(d, "/etc/xen/scripts/vif-xenfarm", f);
}

const struct doctor_check doctor_of_network[] = {
	{ "network", check_network },
	{ "network-active", check_active },
	{ "network-autostart", check_autostart },
	{ "bridge", check_bridge },
	{ "isolated", check_isolated },
	{ "ports", check_ports },
	{ "rules-file", check_rules_file },
	{ "rules", check_rules },
	{ "forwarding", check_forwarding },
	{ "bridged-frames", check_bridged_frames },
	{ "unit", check_unit },
	{ "xen-script", check_xen },
	{ NULL, NULL },
};
