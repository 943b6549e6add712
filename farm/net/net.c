#include "farm/net/net.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/hex.h"

static unsigned int bits_of(const struct xf_addr *address)
{
	return address->family == 4 ? 32 : 128;
}

/* A decimal number without sign or blanks, from 1 to most; 0 if it is not. */
static unsigned int number_of(const char *text, size_t n, unsigned int most)
{
	unsigned int value = 0;

	if (n == 0 || n > 5)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		value = value * 10 + (unsigned int)(text[i] - '0');
	}
	return value <= most ? value : 0;
}

const char *net_parse_address(struct net_farm *farm, const char *text)
{
	const char *slash = strchr(text, '/');
	struct xf_addr server;
	unsigned int prefix;

	if (!slash)
		return "lacks a prefix length, as in 10.77.0.1/16";
	if (xf_addr_parse(text, (size_t)(slash - text), &server) < 0)
		return "does not begin with an IPv4 or IPv6 address";
	/* A network of one or two addresses has no room for clients. */
	prefix = number_of(slash + 1, strlen(slash + 1), bits_of(&server) - 2);
	if (prefix < 8)
		return "has a prefix length that no network of clients can have";
	farm->server = server;
	farm->prefix = (uint8_t)prefix;
	return NULL;
}

const char *net_parse_ports(struct net_farm *farm, const char *text)
{
	farm->n_ports = 0;
	for (text += strspn(text, " \t"); *text; text += strspn(text, " \t")) {
		size_t n = strcspn(text, " \t");
		unsigned int port = number_of(text, n, 65535);

		if (port == 0)
			return "is not a list of port numbers, with blanks between them";
		if (farm->n_ports == NET_PORTS_MAX)
			return "has too many port numbers";
		farm->port[farm->n_ports++] = (uint16_t)port;
		text += n;
	}
	return farm->n_ports ? NULL : "has no port: clients need 2049";
}

const char *net_check_bridge(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	if (n == 0 || name[n] || name[0] == '-')
		return "is not a name of a bridge: letters, digits, - and _";
	if (n >= NET_DEVICE_MAX)
		return "is longer than 15 bytes, which an interface's name can have";
	if (strncmp(name, NET_DEVICE_PREFIX, strlen(NET_DEVICE_PREFIX)) == 0)
		return "begins as the names of clients' ports do";
	return NULL;
}

int net_parse_mac(const char *text, uint8_t mac[static 6])
{
	unsigned int byte[6];
	char rest;

	if (strspn(text, "0123456789abcdefABCDEF:") != strlen(text) || strlen(text) != 17 ||
		sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &byte[0], &byte[1], &byte[2], &byte[3],
			&byte[4], &byte[5], &rest) != 6)
		return -EINVAL;
	for (unsigned int i = 0; i < 6; i++)
		mac[i] = (uint8_t)byte[i];
	return 0;
}

/* Keep prefix bits of an address; the others become zeros, or ones. */
static struct xf_addr with_host_bits(struct xf_addr address, unsigned int prefix, bool ones)
{
	for (unsigned int bit = prefix; bit < bits_of(&address); bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		if (ones)
			address.byte[bit / 8] |= mask;
		else
			address.byte[bit / 8] &= (uint8_t)~mask;
	}
	return address;
}

struct xf_addr net_base(const struct net_farm *farm)
{
	return with_host_bits(farm->server, farm->prefix, false);
}

static bool same(const struct xf_addr *a, const struct xf_addr *b)
{
	return a->family == b->family && memcmp(a->byte, b->byte, bits_of(a) / 8) == 0;
}

static bool is_other(const struct net_farm *farm, const struct xf_addr *address)
{
	for (size_t i = 0; i < farm->n_others; i++)
		if (same(&farm->other[i], address))
			return true;
	return false;
}

const char *net_add_other(struct net_farm *farm, const char *text)
{
	struct xf_addr address;
	const char *wrong;

	if (xf_addr_parse(text, strlen(text), &address) < 0)
		return "is not an IPv4 or IPv6 address";
	/* The same file may be on all servers. */
	if (same(&address, &farm->server) || is_other(farm, &address))
		return NULL;
	wrong = net_check_client(farm, &address);
	if (!wrong && farm->n_others == NET_OTHERS_MAX)
		wrong = "is one server more than clients can name";
	if (!wrong)
		farm->other[farm->n_others++] = address;
	return wrong;
}

unsigned int net_servers_of(const struct net_farm *farm, const struct xf_addr *client,
	struct xf_addr server[static XF_SERVERS_MAX])
{
	unsigned int n = 1 + (unsigned int)farm->n_others;
	unsigned int last = bits_of(client) / 8 - 1;
	unsigned int first = client->byte[last - 1] * 256u + client->byte[last];

	for (unsigned int i = 0; i < n; i++) {
		unsigned int k = (first + i) % n;

		server[i] = k ? farm->other[k - 1] : farm->server;
	}
	return n;
}

const char *net_check_client(const struct net_farm *farm, const struct xf_addr *address)
{
	struct xf_addr base = net_base(farm);
	struct xf_addr last = with_host_bits(farm->server, farm->prefix, true);
	struct xf_addr of_it = with_host_bits(*address, farm->prefix, false);

	if (!same(&of_it, &base))
		return "is not in the clients' network";
	if (same(address, &farm->server))
		return "is the server's";
	if (is_other(farm, address))
		return "is another server's";
	if (same(address, &base))
		return "is the address of the network itself";
	if (address->family == 4 && same(address, &last))
		return "is the broadcast address of the network";
	return NULL;
}

void net_device(const struct xf_addr *address, char name[static NET_DEVICE_MAX])
{
	unsigned int first = address->family == 4 ? 0 : 10;

	hex_text(stpcpy(name, NET_DEVICE_PREFIX), address->byte + first,
		bits_of(address) / 8 - first);
}
