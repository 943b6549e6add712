/*
 * The ruleset. Two tables, as no family sees everything:
 *
 * bridge  what a port lets in, of whom, and what is sent to it. Between two ports nothing passes,
 *         as libvirt's isolated ports say, too; but Xen has none of those, and a flag can be lost.
 *         ARP and neighbour discovery are seen here only. Where the farm has several servers, a
 *         port that is no client's leads to them, and lets their NFS through.
 * inet    what the server takes from a client, and that it does not forward for one: two isolated
 *         clients would reach each other through a server that is a router.
 *
 * An `accept` here is no promise: the server's own firewall, if there is one, comes afterwards. A
 * `drop` is final. There is no rule by the bridge's name in the family bridge (meta ibrname), as
 * not every kernel has that: ports are known by their names' beginning.
 */
#include <stdlib.h>
#include <string.h>

#include "farm/net/compose.h"
#include "lib/cleanup.h"
#include "lib/hex.h"

#define SET_MAX (XF_SERVERS_MAX * (XF_ADDR_TEXT_MAX + 2) + 8)

struct words {
	const char *ip, *type; /* of the family, as nft has them */
	char servers[SET_MAX]; /* their addresses: one, or a set */
	char others[SET_MAX];  /* those of the others; "": there are none */
};

/* One address as it is, more of them as a set. */
static void write_set(char text[static SET_MAX], const struct xf_addr *address, size_t n)
{
	char *to = stpcpy(text, n > 1 ? "{ " : "");

	for (size_t i = 0; i < n; i++) {
		char one[XF_ADDR_TEXT_MAX];

		to = stpcpy(stpcpy(to, i ? ", " : ""), xf_addr_format(&address[i], one));
	}
	strcpy(to, n > 1 ? " }" : "");
}

static struct words words_of(const struct net_farm *farm)
{
	struct words words = { .ip = "ip", .type = "ipv4_addr" };
	struct xf_addr server[XF_SERVERS_MAX] = { farm->server };

	if (farm->server.family == 6)
		words = (struct words){ .ip = "ip6", .type = "ipv6_addr" };
	memcpy(server + 1, farm->other, farm->n_others * sizeof(*server));
	write_set(words.servers, server, 1 + farm->n_others);
	write_set(words.others, farm->other, farm->n_others);
	return words;
}

static void ports(const struct net_farm *farm, struct buf *out)
{
	for (size_t i = 0; i < farm->n_ports; i++)
		buf_printf(out, "%s%u", i ? ", " : "", farm->port[i]);
}

/* ICMP is not asked for by name: what belongs to a connection is "related". */
static void table_inet(const struct net_farm *farm, const struct words *words, struct buf *out)
{
	buf_printf(out,
		"table inet xenfarm\n"
		"delete table inet xenfarm\n"
		"table inet xenfarm {\n"
		"\tchain input {\n"
		"\t\ttype filter hook input priority -10; policy accept;\n"
		"\t\tiifname \"%s\" jump from_client\n"
		"\t}\n"
		"\tchain from_client {\n"
		"\t\tct state established,related accept\n",
		farm->bridge);
	if (farm->server.family == 6)
		buf_puts(out,
			"\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n");
	buf_printf(out, "\t\t%s daddr %s tcp dport { ", words->ip, words->servers);
	ports(farm, out);
	buf_printf(out,
		" } accept\n"
		"\t\tdrop\n"
		"\t}\n"
		"\tchain forward {\n"
		"\t\ttype filter hook forward priority -10; policy accept;\n"
		"\t\tiifname \"%s\" drop\n"
		"\t\toifname \"%s\" drop\n"
		"\t}\n"
		"}\n",
		farm->bridge, farm->bridge);
}

static void set_clients(
	const struct net_client *clients, size_t n, const struct words *words, struct buf *out)
{
	buf_printf(out, "\tset clients {\n\t\ttype ifname . ether_addr . %s\n", words->type);
	for (size_t i = 0; i < n; i++) {
		const uint8_t *mac = clients[i].mac;
		char device[NET_DEVICE_MAX], address[XF_ADDR_TEXT_MAX];

		net_device(&clients[i].address, device);
		buf_printf(out, "%s\"%s\" . %02x:%02x:%02x:%02x:%02x:%02x . %s",
			i ? ",\n\t\t\t" : "\t\telements = { ", device, mac[0], mac[1], mac[2],
			mac[3], mac[4], mac[5], xf_addr_format(&clients[i].address, address));
	}
	buf_puts(out, n ? " }\n\t}\n" : "\t}\n");
}

/* The same with the address as a number: nft has no name for an advertisement's target. */
static void set_targets(const struct net_client *clients, size_t n, struct buf *out)
{
	buf_puts(out, "\tset targets {\n\t\ttypeof iifname . ether saddr . @th,64,128\n");
	for (size_t i = 0; i < n; i++) {
		const uint8_t *mac = clients[i].mac;
		char device[NET_DEVICE_MAX], address[HEX_SIZE(16)];

		net_device(&clients[i].address, device);
		buf_printf(out, "%s\"%s\" . %02x:%02x:%02x:%02x:%02x:%02x . 0x",
			i ? ",\n\t\t\t" : "\t\telements = { ", device, mac[0], mac[1], mac[2],
			mac[3], mac[4], mac[5]);
		buf_puts(out, hex_text(address, clients[i].address.byte, 16));
	}
	buf_puts(out, n ? " }\n\t}\n" : "\t}\n");
}

static void chains4(const struct words *words, struct buf *out)
{
	buf_printf(out,
		"\tchain from_client {\n"
		"\t\tiifname . ether saddr . ip saddr @clients accept\n"
		"\t\tiifname . ether saddr . arp saddr ip @clients iifname . arp saddr ether . "
		"arp saddr ip @clients accept\n"
		"\t\tdrop\n"
		"\t}\n"
		"\tchain to_client {\n"
		"\t\tarp saddr ip %s accept\n"
		"\t\toifname . ether daddr . ip daddr @clients accept\n"
		"\t\tdrop\n"
		"\t}\n",
		words->servers);
}

/* A redirect or a router's advertisement would change the server's routes. */
static void chains6(struct buf *out)
{
	buf_puts(out,
		"\tchain from_client {\n"
		"\t\ticmpv6 type nd-neighbor-advert iifname . ether saddr . @th,64,128 @targets "
		"accept\n"
		"\t\ticmpv6 type { nd-neighbor-advert, nd-router-advert, nd-redirect } drop\n"
		"\t\tiifname . ether saddr . ip6 saddr @clients accept\n"
		"\t\tdrop\n"
		"\t}\n"
		"\tchain to_client {\n"
		"\t\ticmpv6 type nd-neighbor-solicit accept\n"
		"\t\toifname . ether daddr . ip6 daddr @clients accept\n"
		"\t\tdrop\n"
		"\t}\n");
}

/*
 * Through a port that is no client's, to other servers: their NFS; and what answers them, as they
 * call the client's agent, which is all but the beginning of a connection. No connections are
 * tracked here: not every kernel can, in a bridge.
 */
static void chains_servers(const struct net_farm *farm, const struct words *words, struct buf *out)
{
	bool six = farm->server.family == 6;

	buf_printf(
		out, "\tchain to_server {\n\t\t%s daddr %s tcp dport { ", words->ip, words->others);
	ports(farm, out);
	buf_printf(out,
		" } accept\n"
		"\t\t%s daddr %s tcp flags & (syn | ack) != syn accept\n",
		words->ip, words->others);
	if (six)
		buf_puts(out,
			"\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n");
	else
		buf_printf(out, "\t\tarp daddr ip %s accept\n", words->others);
	buf_printf(out,
		"\t}\n"
		"\tchain from_server {\n"
		"\t\t%s saddr %s oifname . ether daddr . %s daddr @clients accept\n",
		words->ip, words->others, words->ip);
	if (six)
		buf_puts(out,
			"\t\ticmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept\n");
	else
		buf_printf(out, "\t\tarp saddr ip %s accept\n", words->others);
	buf_puts(out, "\t}\n");
}

static void table_bridge(const struct net_farm *farm, const struct net_client *clients, size_t n,
	const struct words *words, struct buf *out)
{
	buf_puts(out, "table bridge xenfarm\n"
		      "delete table bridge xenfarm\n"
		      "table bridge xenfarm {\n");
	set_clients(clients, n, words, out);
	if (farm->server.family == 6)
		set_targets(clients, n, out);
	buf_puts(out, "\tchain prerouting {\n"
		      "\t\ttype filter hook prerouting priority -200; policy accept;\n"
		      "\t\tiifname \"" NET_DEVICE_PREFIX "*\" jump from_client\n"
		      "\t}\n"
		      "\tchain forward {\n"
		      "\t\ttype filter hook forward priority -200; policy accept;\n");
	if (farm->n_others)
		buf_puts(out, "\t\tiifname \"" NET_DEVICE_PREFIX
			      "*\" oifname != \"" NET_DEVICE_PREFIX "*\" jump to_server\n"
			      "\t\toifname \"" NET_DEVICE_PREFIX
			      "*\" iifname != \"" NET_DEVICE_PREFIX "*\" jump from_server\n");
	buf_puts(out, ""
		      "\t\tiifname \"" NET_DEVICE_PREFIX "*\" drop\n"
		      "\t\toifname \"" NET_DEVICE_PREFIX "*\" drop\n"
		      "\t}\n"
		      "\tchain output {\n"
		      "\t\ttype filter hook output priority -200; policy accept;\n"
		      "\t\toifname \"" NET_DEVICE_PREFIX "*\" jump to_client\n"
		      "\t}\n");
	if (farm->n_others)
		chains_servers(farm, words, out);
	if (farm->server.family == 6)
		chains6(out);
	else
		chains4(words, out);
	buf_puts(out, "}\n");
}

static int by_address(const void *a, const void *b)
{
	const struct net_client *x = a, *y = b;

	return memcmp(x->address.byte, y->address.byte, sizeof(x->address.byte));
}

/* The same clients make the same text, whatever order a caller has them in. */
void net_compose_rules(
	const struct net_farm *farm, const struct net_client *clients, size_t n, struct buf *out)
{
	AUTO_FREE struct net_client *sorted = calloc(n + 1, sizeof(*sorted));
	struct words words = words_of(farm);

	if (!sorted) {
		out->failed = true;
		return;
	}
	if (n) {
		memcpy(sorted, clients, n * sizeof(*sorted));
		qsort(sorted, n, sizeof(*sorted), by_address);
	}
	table_inet(farm, &words, out);
	table_bridge(farm, sorted, n, &words, out);
}
