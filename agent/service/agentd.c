#include "agent/service/agentd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "lib/boot-record.h"
#include "lib/paths.h"

socklen_t agentd_endpoint(const char *address, struct sockaddr_storage *endpoint)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)endpoint;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)endpoint;

	memset(endpoint, 0, sizeof(*endpoint));
	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(FLEET_PORT);
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(FLEET_PORT);
		return sizeof(*v6);
	}
	return 0;
}

/* Addresses with commas between. */
static bool parse_servers(char *list, struct agentd *a)
{
	for (char *s = strtok(list, ","); s; s = strtok(NULL, ","))
		if (a->n_servers == AGENTD_SERVERS ||
			!agentd_endpoint(s, &a->server[a->n_servers++]))
			return false;
	return a->n_servers > 0;
}

int agentd_parse(const char *record, struct agentd *agentd)
{
	char servers[AGENTD_SERVERS * (INET6_ADDRSTRLEN + 1)];
	struct sockaddr_storage own;

	*agentd = (struct agentd){ 0 };
	if (!boot_record_get(record, "name", agentd->name, sizeof(agentd->name)) ||
		!fleet_name_ok(agentd->name) ||
		!boot_record_get(record, "client", agentd->address, sizeof(agentd->address)) ||
		!agentd_endpoint(agentd->address, &own))
		return -EINVAL;
	boot_record_get(record, "server", agentd->mounted, sizeof(agentd->mounted));
	/* An initrd that is older than the share has only the one that answered. */
	if (!boot_record_get(record, "servers", servers, sizeof(servers)) &&
		!boot_record_get(record, "server", servers, sizeof(servers)))
		return -EINVAL;
	return parse_servers(servers, agentd) ? 0 : -EINVAL;
}

int agentd_read(struct agentd *agentd)
{
	AUTO_BUF struct buf text = { 0 };
	int r = boot_record_read(AT_FDCWD, PATH_RUN_RECORD, &text);

	return r < 0 ? r : agentd_parse(text.data, agentd);
}

/* Sets the port, too. */
static bool has_address(
	const struct sockaddr_storage *a, const struct sockaddr_storage *b, in_port_t *port)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)a;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)a;

	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET) {
		*port = ntohs(v4->sin_port);
		return v4->sin_addr.s_addr == ((const struct sockaddr_in *)b)->sin_addr.s_addr;
	}
	*port = ntohs(v6->sin6_port);
	return IN6_ARE_ADDR_EQUAL(&v6->sin6_addr, &((const struct sockaddr_in6 *)b)->sin6_addr);
}

bool agentd_admits(void *context, const struct sockaddr_storage *peer)
{
	const struct agentd *a = context;
	in_port_t port;

	for (unsigned int i = 0; i < a->n_servers; i++)
		if (has_address(peer, &a->server[i], &port))
			return port < IPPORT_RESERVED;
	return false;
}
