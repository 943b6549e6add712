#include "farm/net/server.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "farm/virt/domain-xml.h"
#include "farm/virt/record.h"
#include "farm/virt/virt.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

#define UUID_EXPECTED "UUID-OF-THE-NEW-SHARE"

bool net_server_is_here(const char *uri)
{
	return strstr(uri, ":///") != NULL;
}

int net_server_others(const struct farm_settings *s, struct net_farm *farm)
{
	for (size_t i = 0; i < s->n_servers; i++) {
		const struct farm_server_settings *server = &s->server[i];
		const char *wrong = net_add_other(farm, server->address);

		if (wrong)
			return -cli_error(EINVAL, "xenfarm.conf, [server %s]: address = %s %s",
				server->name, server->address, wrong);
	}
	return 0;
}

int net_server_farm(const struct farm_settings *s, struct net_farm *farm)
{
	const char *wrong, *name = "address", *value = s->address;

	*farm = (struct net_farm){
		.network = s->network, .bridge = s->bridge, .boot = s->boot, .disks = s->disks
	};
	wrong = net_parse_address(farm, s->address);
	if (!wrong) {
		name = "ports";
		value = s->ports;
		wrong = net_parse_ports(farm, s->ports);
	}
	if (!wrong) {
		name = "bridge";
		value = s->bridge;
		wrong = net_check_bridge(s->bridge);
	}
	if (wrong)
		return -cli_error(EINVAL, "xenfarm.conf: %s = %s %s", name, value, wrong);
	return net_server_others(s, farm);
}

/* --- shares --- */

/* The UUID of the share at path. 0 or -errno, without a message. */
static int read_uuid(const char *path, char uuid[static MANIFEST_UUID_MAX])
{
	char file[PATH_MAX];
	AUTO_CLOSE int fd = -1;
	ssize_t n;

	snprintf(file, sizeof(file), "%s/etc/uuid", path);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, uuid, MANIFEST_UUID_MAX - 1);
	if (n < 0)
		return -errno;
	uuid[n] = '\0';
	return record_is_uuid(uuid) ? 0 : -EINVAL;
}

static int add_share(struct net_server *server, const char *path, const char *expected)
{
	size_t i = server->farm.n_shares;
	int r = read_uuid(path, server->uuid[i]);

	for (size_t before = 0; before < i; before++)
		if (strcmp(server->share[before].path, path) == 0)
			return 0;
	if (r == -ENOENT && expected && strcmp(path, expected) == 0) {
		strcpy(server->uuid[i], UUID_EXPECTED);
		r = 0;
	}
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		return cli_error(r, "%s/etc/uuid", path);
	server->share[i] = (struct net_share){ path, server->uuid[i] };
	server->farm.n_shares++;
	return 0;
}

int net_server_shares(
	struct net_server *server, const struct farm_settings *settings, const char *path)
{
	size_t most = settings->n_named_shares + 2;
	int r;

	server->share = calloc(most, sizeof(*server->share));
	server->uuid = calloc(most, sizeof(*server->uuid));
	if (!server->share || !server->uuid)
		return cli_error(-ENOMEM, "the shares");
	server->farm.share = server->share;
	r = add_share(server, settings->share.path, path);
	for (size_t i = 0; i < settings->n_named_shares && r == 0; i++)
		r = add_share(server, settings->named_share[i].path, path);
	return r == 0 ? add_share(server, path, path) : r;
}

int net_server_begin(struct net_server *server, const struct farm_settings *settings)
{
	*server = (struct net_server){ .root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC),
		.masters = {
			.network = settings->master_network, .bridge = settings->master_bridge } };
	if (server->root < 0)
		return cli_error(-errno, "/");
	return net_server_farm(settings, &server->farm);
}

void net_server_free(struct net_server *server)
{
	net_plan_free(&server->plan);
	virt_close(&server->connection);
	free(server->client);
	free(server->share);
	free(server->uuid);
	if (server->root >= 0)
		close(server->root);
}

/* --- libvirt --- */

/* A domain without our record, or with one that cannot be read, has no place in the rules. */
static int add_client(struct net_server *server, virDomainPtr domain)
{
	AUTO_FREE char *element =
		virDomainGetMetadata(domain, VIR_DOMAIN_METADATA_ELEMENT, RECORD_NAMESPACE, 0);
	struct net_client *client;
	struct record record;
	const char *what;

	if (!element || record_parse(element, &record, &what) < 0 || record.role != RECORD_CLIENT)
		return 0;
	if (!ARRAY_GROW(server->client, server->n_clients))
		return cli_error(-ENOMEM, "the clients");
	client = &server->client[server->n_clients++];
	*client = (struct net_client){ .address = record.address };
	return net_parse_mac(domain_xml_mac(&record.address).text, client->mac);
}

static int add_clients(struct net_server *server)
{
	virDomainPtr *domain = NULL;
	int n = virConnectListAllDomains(server->connection, &domain, 0), r = 0;

	if (n < 0)
		return virt_error(NULL, "cannot list the domains");
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = add_client(server, domain[i]);
		virDomainFree(domain[i]);
	}
	free(domain);
	return r;
}

int net_server_connect(struct net_server *server, const char *uri, bool read_only)
{
	int r = virt_open(uri, read_only, &server->connection);

	virt_watch(VIRT_CALL_LIMIT, "looking at the farm");
	if (r == 0)
		r = add_clients(server);
	if (r == 0)
		r = net_network_look(server->connection, &server->farm, &server->network);
	virt_watch_end();
	return r;
}

int net_server_plan(struct net_server *server)
{
	int r;

	server->facts = net_facts_read(server->root);
	r = net_plan_make(
		&server->plan, &server->farm, server->client, server->n_clients, &server->facts);
	return r < 0 ? cli_error(r, "the plan of this server's files") : 0;
}
