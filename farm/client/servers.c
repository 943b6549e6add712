#include "farm/client/servers.h"

#include <string.h>

/* The client could not reach any other: the rules stop it. */
static bool is_server(const struct xf_addr *all, unsigned int n, const struct xf_addr *address)
{
	for (unsigned int i = 0; i < n; i++)
		if (memcmp(&all[i], address, sizeof(*address)) == 0)
			return true;
	return false;
}

static const char *parse_list(
	const char *list, const struct xf_addr *all, unsigned int n, struct xfnet *net)
{
	size_t length;

	net->nservers = 0;
	for (;; list += length + 1) {
		struct xf_addr address = { 0 };

		length = strcspn(list, ",");
		if (xf_addr_parse(list, length, &address) < 0)
			return "is neither \"" CLIENT_SERVERS_SPREAD
			       "\" nor a list of addresses, with commas between them";
		if (!is_server(all, n, &address))
			return "has an address of no server in xenfarm.conf, which clients cannot "
			       "reach";
		if (is_server(net->server, net->nservers, &address))
			return "has an address twice";
		net->server[net->nservers++] = address;
		if (!list[length])
			return NULL;
	}
}

const char *client_servers_format(const struct net_farm *farm, const struct xf_addr *client,
	const char *servers, char text[static XF_WORD_MAX])
{
	struct xfnet net = { .client = *client, .prefix = farm->prefix, .prefix_given = true };
	struct xf_addr all[XF_SERVERS_MAX];
	unsigned int n = net_servers_of(farm, client, all);
	const char *wrong = NULL;

	if (servers && strcmp(servers, CLIENT_SERVERS_SPREAD) != 0) {
		wrong = parse_list(servers, all, n, &net);
	} else {
		net.nservers = n;
		memcpy(net.server, all, n * sizeof(*all));
	}
	if (!wrong && xfnet_format(&net, text, XF_WORD_MAX) < 0)
		wrong = "does not fit a kernel's command line";
	return wrong;
}
