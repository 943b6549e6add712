/*
 * The value of xfnet=: CLIENT[/PREFIX]:SERVER[,SERVER…][:GATEWAY[:BROADCAST[:INTERFACE]]]
 *
 * Three passes: cut the text into fields, read each field, then ask whether they agree. A pass runs
 * only if the one before found no error, so that one mistake gives one message.
 */
#include "kernel-cmdline/scan.h"

#include <errno.h>
#include <string.h>

static const char an_address[] = "an address such as 10.0.0.11 or [fd00::b]";

/* Where each field stands in the text; p is NULL for a field that is not there. */
struct fields {
	struct span client, prefix, servers, gateway, broadcast, interface;
	struct span server[XF_SERVERS_MAX];
};

/* Cut one field off at a ':' that is not inside brackets. */
static bool cut_field(struct span *rest, struct span *field)
{
	bool bracket = false;

	if (!rest->p)
		return false;
	*field = *rest;
	for (size_t i = 0; i < rest->n; i++) {
		if (rest->p[i] == '[')
			bracket = true;
		else if (rest->p[i] == ']')
			bracket = false;
		else if (rest->p[i] == ':' && !bracket) {
			field->n = i;
			*rest = span_from(*rest, i + 1);
			return true;
		}
	}
	*rest = (struct span){ NULL, 0 };
	return true;
}

static bool cut_fields(const struct scan *scan, struct span text, struct fields *f)
{
	struct span *field[] = { &f->client, &f->servers, &f->gateway, &f->broadcast,
		&f->interface };
	struct span rest = text, client;

	for (unsigned int i = 0; i < sizeof(field) / sizeof(*field); i++)
		if (!cut_field(&rest, field[i]))
			break;
	if (rest.p) /* also a MAC with colons, or IPv6 without brackets */
		return scan_error(scan, rest, "xfnet", "text after INTERFACE",
			"at most five fields; IPv6 in brackets, a MAC as 52-54-00-12-34-56");
	span_cut(&f->client, '/', &client);
	f->prefix = f->client;
	f->client = client;
	return true;
}

/* Why no machine of a farm can have this address; NULL if one can. */
static const char *unusable(const struct xf_addr *a)
{
	static const uint8_t zero[16], mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (a->family == 4) {
		if (a->byte[0] == 0)
			return "an unspecified address";
		if (a->byte[0] == 127)
			return "a loopback address";
		if (a->byte[0] >= 240)
			return "a reserved address";
		return a->byte[0] >= 224 ? "a multicast address" : NULL;
	}
	if (memcmp(a->byte, zero, 15) == 0 && a->byte[15] <= 1)
		return a->byte[15] ? "a loopback address" : "an unspecified address";
	if (memcmp(a->byte, mapped, sizeof(mapped)) == 0)
		return "an IPv4-mapped address";
	return a->byte[0] == 0xff ? "a multicast address" : NULL;
}

static bool link_local(const struct xf_addr *a)
{
	return a->family == 6 && a->byte[0] == 0xfe && (a->byte[1] & 0xc0) == 0x80;
}

/* An IPv4 address as it is, an IPv6 address in brackets. */
static bool read_address(
	const struct scan *scan, struct span text, const char *field, struct xf_addr *addr)
{
	struct span inner = text;
	bool bracket = text.n && text.p[0] == '[';
	const char *why;

	if (text.n == 0)
		return scan_error(scan, text, field, "missing", an_address);
	if (bracket) {
		if (text.p[text.n - 1] != ']')
			return scan_error(scan, text, field, "bracket not closed", "[fd00::b]");
		inner = (struct span){ text.p + 1, text.n - 2 };
	}
	if (xf_addr_parse(inner.p, inner.n, addr) < 0)
		return scan_error(scan, text, field, "not an address", an_address);
	if (bracket != (addr->family == 6))
		return scan_error(scan, text, field,
			bracket ? "IPv4 in brackets" : "IPv6 without brackets", an_address);
	why = unusable(addr);
	return why ? scan_error(scan, text, field, why, "an address of one machine") : true;
}

static void read_client(const struct scan *scan, const struct fields *f, struct xfnet *net)
{
	uint32_t prefix;

	if (!read_address(scan, f->client, "CLIENT", &net->client))
		return;
	if (link_local(&net->client))
		scan_error(scan, f->client, "CLIENT", "a link-local address",
			"an address that is unique on the whole network");
	if (!f->prefix.p)
		return;
	net->prefix_given = true;
	if (span_number(f->prefix, 1, net->client.family == 4 ? 32 : 128, &prefix))
		net->prefix = net->prefix_shortest = (uint8_t)prefix;
	else
		scan_error(scan, f->prefix, "PREFIX", "not a prefix length",
			net->client.family == 4 ? "1 to 32" : "1 to 128");
}

static void read_servers(const struct scan *scan, struct fields *f, struct xfnet *net)
{
	struct span list = f->servers, item, before = f->prefix.p ? f->prefix : f->client;

	if (!list.p) {
		scan_error(scan, span_from(before, before.n), "SERVER", "missing",
			":SERVER after CLIENT");
		return;
	}
	while (span_cut(&list, ',', &item)) {
		if (net->nservers == XF_SERVERS_MAX) {
			scan_error(scan, item, "SERVER", "too many servers", "at most 8");
			return;
		}
		if (!read_address(scan, item, "SERVER", &net->server[net->nservers]))
			continue;
		if (link_local(&net->server[net->nservers]))
			scan_error(scan, item, "SERVER", "a link-local address",
				"an address that is unique on the whole network");
		f->server[net->nservers++] = item;
	}
}

/* 52-54-00-12-34-56 */
static bool read_mac(struct span text, uint8_t mac[static 6])
{
	for (unsigned int i = 0; i < 6; i++) {
		int high = scan_hex_digit(text.p[3 * i]), low = scan_hex_digit(text.p[3 * i + 1]);

		if (high < 0 || low < 0 || (i < 5 && text.p[3 * i + 2] != '-'))
			return false;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* The names that systemd accepts for an interface: printable ASCII, not a number, none that
 * sysctl(8) reserves. */
static bool good_ifname(struct span name)
{
	static const char *const reserved[] = { ".", "..", "all", "default", "lo" };
	uint32_t number;

	if (name.n >= XF_IFNAME_MAX || span_number(name, 0, UINT32_MAX, &number))
		return false;
	for (size_t i = 0; i < sizeof(reserved) / sizeof(*reserved); i++)
		if (span_is(name, reserved[i]))
			return false;
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] <= ' ' || name.p[i] > '~' || strchr("/:%\"=[]", name.p[i]))
			return false;
	return true;
}

static void read_interface(const struct scan *scan, struct span text, struct xfnet *net)
{
	if (text.n == 0)
		return;
	if (text.n == 17) {
		net->select = XF_IF_MAC;
		if (!read_mac(text, net->mac) || net->mac[0] & 1)
			scan_error(scan, text, "INTERFACE", "not the MAC of an interface",
				"52-54-00-12-34-56");
		return;
	}
	net->select = XF_IF_NAME;
	if (good_ifname(text))
		memcpy(net->ifname, text.p, text.n);
	else
		scan_error(scan, text, "INTERFACE", "not an interface",
			"a name of at most 15 bytes such as eth0, a MAC, or nothing");
}

static bool bit(const struct xf_addr *a, unsigned int i)
{
	return a->byte[i / 8] >> (7 - i % 8) & 1;
}

static unsigned int bits(const struct xf_addr *a)
{
	return a->family == 4 ? 32 : 128;
}

static bool same_network(const struct xf_addr *a, const struct xf_addr *b, unsigned int prefix)
{
	for (unsigned int i = 0; i < prefix; i++)
		if (bit(a, i) != bit(b, i))
			return false;
	return true;
}

static bool host_bits_are(const struct xf_addr *a, unsigned int prefix, bool one)
{
	for (unsigned int i = prefix; i < bits(a); i++)
		if (bit(a, i) != one)
			return false;
	return true;
}

static bool same_address(const struct xf_addr *a, const struct xf_addr *b)
{
	return a->family == b->family && same_network(a, b, bits(a));
}

/*
 * Why the address is not that of a machine in its network; else NULL. The last two prefixes
 * have no such addresses: RFC 3021 for IPv4, RFC 6164 for IPv6, which has no broadcast anyway.
 */
static const char *not_a_host(const struct xf_addr *a, unsigned int prefix)
{
	if (prefix + 2 > bits(a))
		return NULL;
	if (host_bits_are(a, prefix, false))
		return "the network's own address";
	if (a->family == 4 && host_bits_are(a, prefix, true))
		return "the network's broadcast address";
	return NULL;
}

static bool agree_family(const struct scan *scan, const struct fields *f, const struct xfnet *net)
{
	const char *expected = net->client.family == 4 ? "IPv4" : "IPv6 in brackets";
	unsigned int errors = scan->problems->errors;

	for (unsigned int i = 0; i < net->nservers; i++)
		if (net->server[i].family != net->client.family)
			scan_error(
				scan, f->server[i], "SERVER", "not of CLIENT's family", expected);
	if (net->gateway.family && net->gateway.family != net->client.family)
		scan_error(scan, f->gateway, "GATEWAY", "not of CLIENT's family", expected);
	if (net->broadcast.family && net->client.family == 6)
		scan_error(scan, f->broadcast, "BROADCAST", "IPv6 has no broadcast", "nothing");
	else if (net->broadcast.family == 6)
		scan_error(scan, f->broadcast, "BROADCAST", "not of CLIENT's family", expected);
	return scan->problems->errors == errors;
}

static bool agree_distinct(const struct scan *scan, const struct fields *f, const struct xfnet *net)
{
	unsigned int errors = scan->problems->errors;

	for (unsigned int i = 0; i < net->nservers; i++) {
		if (same_address(&net->server[i], &net->client))
			scan_error(scan, f->server[i], "SERVER", "the same as CLIENT",
				"an address of its own");
		for (unsigned int j = 0; j < i; j++) {
			if (!same_address(&net->server[i], &net->server[j]))
				continue;
			scan_error(scan, f->server[i], "SERVER", "named twice", "each server once");
			break;
		}
	}
	if (same_address(&net->gateway, &net->client))
		scan_error(scan, f->gateway, "GATEWAY", "the same as CLIENT",
			"an address of its own, or nothing");
	if (same_address(&net->broadcast, &net->client))
		scan_error(scan, f->client, "CLIENT", "the same as BROADCAST",
			"an address of its own");
	return scan->problems->errors == errors;
}

static bool prefix_fits(const struct xfnet *net, unsigned int prefix)
{
	return same_network(&net->client, &net->broadcast, prefix) &&
	       host_bits_are(&net->broadcast, prefix, true) && !not_a_host(&net->client, prefix) &&
	       (!net->gateway.family || (same_network(&net->client, &net->gateway, prefix) &&
						!not_a_host(&net->gateway, prefix)));
}

/* The prefixes that fit are neighbours: each condition holds up to, or from, some length. */
static bool find_prefix(const struct scan *scan, const struct fields *f, struct xfnet *net)
{
	if (!net->broadcast.family)
		return scan_error(scan, span_from(f->client, f->client.n), "PREFIX", "missing",
			net->client.family == 4 ? "/PREFIX after CLIENT, or a BROADCAST"
						: "/PREFIX after CLIENT");
	for (uint8_t prefix = 30; prefix > 0; prefix--) {
		if (!prefix_fits(net, prefix))
			continue;
		if (!net->prefix)
			net->prefix = prefix;
		net->prefix_shortest = prefix;
	}
	if (!net->prefix)
		return scan_error(scan, f->broadcast, "BROADCAST",
			"no network with this broadcast holds CLIENT and GATEWAY",
			"the network's last address, or /PREFIX after CLIENT");
	if (net->prefix_shortest != net->prefix)
		scan_problem(scan, XF_WARNING, f->broadcast, "PREFIX",
			"several fit this broadcast, the longest is taken", "/PREFIX after CLIENT");
	return true;
}

/* Inside the network, is it a machine's address? */
static void agree_host(const struct scan *scan, struct span where, const char *field,
	const struct xf_addr *addr, const struct xfnet *net)
{
	const char *why = not_a_host(addr, net->prefix);

	if (why && same_network(addr, &net->client, net->prefix))
		scan_error(scan, where, field, why, "an address of one machine");
}

/* The prefix is known: does every address fit the network? */
static void agree_network(const struct scan *scan, const struct fields *f, const struct xfnet *net)
{
	bool routed = net->gateway.family != 0;

	agree_host(scan, f->client, "CLIENT", &net->client, net);
	if (routed && !same_network(&net->gateway, &net->client, net->prefix)) {
		if (!link_local(&net->gateway))
			scan_error(scan, f->gateway, "GATEWAY", "outside CLIENT's network",
				"an address inside CLIENT/PREFIX");
	} else if (routed) {
		agree_host(scan, f->gateway, "GATEWAY", &net->gateway, net);
	}
	if (net->broadcast.family && net->prefix_given &&
		(net->prefix > 30 || !same_network(&net->client, &net->broadcast, net->prefix) ||
			!host_bits_are(&net->broadcast, net->prefix, true)))
		scan_error(scan, f->broadcast, "BROADCAST", "not the broadcast of CLIENT/PREFIX",
			"the network's last address, or nothing");
	for (unsigned int i = 0; i < net->nservers; i++) {
		agree_host(scan, f->server[i], "SERVER", &net->server[i], net);
		if (!routed && !same_network(&net->server[i], &net->client, net->prefix))
			scan_problem(scan, XF_WARNING, f->server[i], "SERVER",
				"outside CLIENT's network, and no gateway leads there",
				"a GATEWAY, or a server inside CLIENT/PREFIX");
	}
}

bool xfnet_scan(const struct scan *scan, struct span value, struct xfnet *net)
{
	struct fields f = { 0 };
	unsigned int errors = scan->problems->errors;

	*net = (struct xfnet){ 0 };
	if (!cut_fields(scan, value, &f))
		return false;
	read_client(scan, &f, net);
	read_servers(scan, &f, net);
	if (f.gateway.n)
		read_address(scan, f.gateway, "GATEWAY", &net->gateway);
	if (f.broadcast.n)
		read_address(scan, f.broadcast, "BROADCAST", &net->broadcast);
	read_interface(scan, f.interface, net);
	if (scan->problems->errors != errors)
		return false;
	if (!agree_family(scan, &f, net) || !agree_distinct(scan, &f, net))
		return false;
	if (!net->prefix_given && !find_prefix(scan, &f, net))
		return false;
	agree_network(scan, &f, net);
	return scan->problems->errors == errors;
}

int xfnet_parse(const char *text, size_t length, struct xfnet *net, struct xf_problems *problems)
{
	struct scan scan;

	*problems = (struct xf_problems){ 0 };
	scan = (struct scan){ text, problems };
	return xfnet_scan(&scan, (struct span){ text, length }, net) ? 0 : -EINVAL;
}
