#include "farm/client/rules.h"

#include <errno.h>
#include <stdlib.h>

#include "farm/net/rules.h"
#include "farm/net/server.h"
#include "farm/virt/domain-xml.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

static struct net_client bound(const struct xf_addr *address)
{
	struct net_client client = { .address = *address };

	net_parse_mac(domain_xml_mac(address).text, client.mac);
	return client;
}

/* The rules are of this server: those of another host are for its own xenfarm to make. */
static bool are_here(const struct client_session *s, const struct client_host *host)
{
	return host == &s->host[0] && host->state == HOST_ANSWERS && host->kind != VIRT_TEST &&
	       host->is_here;
}

int client_rules_update(struct client_session *s, const struct xf_addr *more, size_t n_more,
	bool (*leaves)(const struct client *client, void *data), void *data)
{
	AUTO_FREE struct net_client *clients = NULL;
	struct net_farm farm;
	size_t n = 0;
	int r = net_server_farm(&s->context->settings, &farm);

	if (r < 0 || !are_here(s, &s->host[0]))
		return r;
	clients = calloc(s->list.n + n_more + 1, sizeof(*clients));
	if (!clients)
		return cli_error(-ENOMEM, "the rules");
	for (size_t i = 0; i < s->list.n; i++) {
		const struct client *c = &s->list.client[i];

		if (c->host == &s->host[0] && !c->damaged && !(leaves && leaves(c, data)))
			clients[n++] = bound(&c->record.address);
	}
	for (size_t i = 0; i < n_more; i++)
		clients[n++] = bound(&more[i]);
	return net_rules_update(&farm, clients, n);
}

int client_rules_check(const struct client_session *s, const struct client *c)
{
	struct net_client client = bound(&c->record.address);
	struct net_farm farm;
	int r = net_server_farm(&s->context->settings, &farm);

	return r < 0 || !are_here(s, c->host) ? r : net_check_port(&farm, &client);
}
