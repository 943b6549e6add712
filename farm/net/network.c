#include "farm/net/network.h"

#include <dirent.h>
#include <errno.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "farm/net/compose.h"
#include "farm/virt/virt.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

/* --- compare --- */

#define OURS "boolean(/network/metadata/*[namespace-uri() = '" NET_NETWORK_NAMESPACE "'])"

/* What matters of a network; all else libvirt adds by itself, or is an administrator's. */
static const struct {
	const char *expression, *what;
} parts[] = {
	{ "string(/network/bridge/@name)", "its bridge has another name" },
	{ "string(/network/port/@isolated)", "its ports are not isolated" },
	{ "string(/network/dns/@enable)", "it has a DNS server" },
	{ "count(/network/forward)", "it leads to other networks" },
	{ "count(/network/ip/dhcp)", "it has a DHCP server" },
	{ "count(/network/ip)", "it has another number of addresses" },
	{ "string(/network/ip/@address)", "its address is another" },
	{ "string(/network/ip/@prefix)", "its prefix length is another" },
};

struct document {
	xmlDocPtr doc;
	xmlXPathContextPtr context;
};

static void document_close(struct document *document)
{
	xmlXPathFreeContext(document->context);
	xmlFreeDoc(document->doc);
}

static int document_open(struct document *document, const char *xml, size_t n)
{
	*document = (struct document){ 0 };
	if (n <= INT_MAX)
		document->doc = xmlReadMemory(xml, (int)n, "network", NULL,
			XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (!document->doc)
		return -EINVAL;
	document->context = xmlXPathNewContext(document->doc);
	return document->context ? 0 : -ENOMEM;
}

/* The expression's value as a text; "" without memory. The caller frees it by xmlFree(). */
static xmlChar *value(const struct document *document, const char *expression)
{
	xmlXPathObjectPtr object = xmlXPathEvalExpression(BAD_CAST expression, document->context);
	xmlChar *text = object ? xmlXPathCastToString(object) : NULL;

	xmlXPathFreeObject(object);
	return text;
}

static bool is_true(const struct document *document, const char *expression)
{
	xmlChar *text = value(document, expression);
	bool yes = text && xmlStrEqual(text, BAD_CAST "true");

	xmlFree(text);
	return yes;
}

static bool same(const struct document *a, const struct document *b, const char *expression)
{
	xmlChar *x = value(a, expression), *y = value(b, expression);
	bool equal = x && y && xmlStrEqual(x, y);

	xmlFree(x);
	xmlFree(y);
	return equal;
}

static const char *find_difference(const struct document *a, const struct document *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (!same(a, b, parts[i].expression))
			return parts[i].what;
	return NULL;
}

int net_network_compare(const char *xml, const struct net_farm *farm, struct net_network *network)
{
	AUTO_BUF struct buf text = { 0 };
	struct document wanted = { 0 }, got = { 0 };
	int r;

	net_compose_network(farm, NULL, &text);
	r = text.failed ? -ENOMEM : document_open(&wanted, text.data, text.size);
	if (r == 0)
		r = document_open(&got, xml, strlen(xml));
	if (r == 0) {
		network->differs = find_difference(&wanted, &got);
		network->ours = is_true(&got, OURS);
		network->state = !network->differs ? NET_NETWORK_SAME
				 : network->ours   ? NET_NETWORK_OLD
						   : NET_NETWORK_FOREIGN;
	}
	document_close(&got);
	document_close(&wanted);
	return r;
}

/* --- libvirt --- */

static void free_network(virNetworkPtr *network)
{
	if (*network)
		virNetworkFree(*network);
}
#define AUTO_NETWORK __attribute__((cleanup(free_network)))

static int look_at(virNetworkPtr network, const struct net_farm *farm, struct net_network *found)
{
	int active = virNetworkIsActive(network), autostart = 0, r;
	AUTO_FREE char *xml =
		virNetworkGetXMLDesc(network, active > 0 ? 0 : VIR_NETWORK_XML_INACTIVE);

	if (active < 0 || !xml || virNetworkGetAutostart(network, &autostart) < 0 ||
		virNetworkGetUUIDString(network, found->uuid) < 0)
		return virt_error(NULL, "cannot look at the network %s", farm->network);
	found->active = active;
	found->autostart = autostart;
	r = net_network_compare(xml, farm, found);
	return r < 0 ? cli_error(r, "libvirt's description of the network %s", farm->network) : 0;
}

int net_network_look(
	virConnectPtr connection, const struct net_farm *farm, struct net_network *found)
{
	AUTO_NETWORK virNetworkPtr network = virNetworkLookupByName(connection, farm->network);

	*found = (struct net_network){ 0 };
	if (network)
		return look_at(network, farm, found);
	return virt_errno() == -ENOENT
		       ? 0
		       : virt_error(NULL, "cannot look for the network %s", farm->network);
}

int net_network_define(
	virConnectPtr connection, const struct net_farm *farm, const struct net_network *found)
{
	AUTO_BUF struct buf xml = { 0 };
	AUTO_NETWORK virNetworkPtr network = NULL;

	net_compose_network(farm, found->uuid[0] ? found->uuid : NULL, &xml);
	buf_add(&xml, "", 1);
	if (xml.failed)
		return cli_error(-ENOMEM, "the network %s", farm->network);
	network = virNetworkDefineXML(connection, xml.data);
	return network ? 0
		       : virt_error("a bridge or an address of another network may be in the way: "
				    "`virsh net-list --all`",
				 "cannot define the network %s", farm->network);
}

int net_network_autostart(virConnectPtr connection, const struct net_farm *farm)
{
	AUTO_NETWORK virNetworkPtr network = virNetworkLookupByName(connection, farm->network);

	return network && virNetworkSetAutostart(network, 1) == 0
		       ? 0
		       : virt_error(
				 NULL, "cannot have libvirt start the network %s", farm->network);
}

int net_network_start(virConnectPtr connection, const struct net_farm *farm)
{
	AUTO_NETWORK virNetworkPtr network = virNetworkLookupByName(connection, farm->network);

	if (network && (virNetworkIsActive(network) > 0 || virNetworkCreate(network) == 0))
		return 0;
	return virt_error("see whether another bridge or network has the same name or address "
			  "(`ip address`), or libvirt's rules were flushed (`systemctl restart "
			  "libvirtd`)",
		"cannot start the network %s", farm->network);
}

int net_network_stop(virConnectPtr connection, const struct net_farm *farm)
{
	AUTO_NETWORK virNetworkPtr network = virNetworkLookupByName(connection, farm->network);
	size_t ports = net_bridge_ports(farm->bridge);

	if (ports > 0)
		return -cli_error(EBUSY,
			"the network %s is in use by %zu running domains: stop them, and run this "
			"again",
			farm->network, ports);
	if (network && (virNetworkIsActive(network) == 0 || virNetworkDestroy(network) == 0))
		return 0;
	return virt_error(NULL, "cannot stop the network %s", farm->network);
}

int net_network_remove(virConnectPtr connection, const struct net_farm *farm)
{
	AUTO_NETWORK virNetworkPtr network = virNetworkLookupByName(connection, farm->network);
	int r = net_network_stop(connection, farm);

	if (r == 0 && (!network || virNetworkUndefine(network) < 0))
		r = virt_error(NULL, "cannot remove the network %s", farm->network);
	return r;
}

int net_network_is_ours(virConnectPtr connection, const char *name)
{
	AUTO_NETWORK virNetworkPtr network = virNetworkLookupByName(connection, name);
	AUTO_FREE char *xml =
		network ? virNetworkGetXMLDesc(network, VIR_NETWORK_XML_INACTIVE) : NULL;
	struct document document = { 0 };
	int r;

	if (!xml)
		return virt_errno() == -ENOENT
			       ? 0
			       : virt_error(NULL, "cannot look at the network %s", name);
	r = document_open(&document, xml, strlen(xml));
	if (r == 0)
		r = is_true(&document, OURS);
	document_close(&document);
	return r < 0 ? cli_error(r, "libvirt's description of the network %s", name) : r;
}

static bool has_interface(const struct document *domain, const char *network)
{
	xmlXPathObjectPtr found = xmlXPathEvalExpression(
		BAD_CAST "/domain/devices/interface/source/@network", domain->context);
	const xmlNodeSet *set = found ? found->nodesetval : NULL;
	bool has = false;

	for (int i = 0; set && i < set->nodeNr && !has; i++) {
		xmlChar *text = xmlNodeGetContent(set->nodeTab[i]);

		has = xmlStrEqual(text, BAD_CAST network);
		xmlFree(text);
	}
	xmlXPathFreeObject(found);
	return has;
}

static int add_user(virDomainPtr domain, const char *network, struct buf *names)
{
	AUTO_FREE char *xml = virDomainGetXMLDesc(domain, 0);
	struct document document = { 0 };
	int r;

	if (!xml) /* it was removed since it was listed */
		return virt_errno() == -ENOENT ? 0 : virt_error(NULL, "cannot look at a domain");
	r = document_open(&document, xml, strlen(xml));
	if (r == 0 && has_interface(&document, network))
		buf_printf(names, " %s", virDomainGetName(domain));
	document_close(&document);
	return r < 0 ? cli_error(r, "libvirt's XML of %s", virDomainGetName(domain)) : 0;
}

int net_network_users(virConnectPtr connection, const char *name, struct buf *names)
{
	virDomainPtr *domain = NULL;
	int n = virConnectListAllDomains(connection, &domain, 0), r = 0;

	if (n < 0)
		return virt_error(NULL, "cannot list the domains");
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = add_user(domain[i], name, names);
		virDomainFree(domain[i]);
	}
	free(domain);
	return r;
}

size_t net_bridge_ports(const char *bridge)
{
	char path[PATH_MAX];
	AUTO_CLOSEDIR DIR *dir = NULL;
	size_t n = 0;

	snprintf(path, sizeof(path), "/sys/class/net/%s/brif", bridge);
	dir = opendir(path);
	for (const struct dirent *entry; dir && (entry = readdir(dir));)
		n += entry->d_name[0] != '.';
	return n;
}
