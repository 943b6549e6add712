#include "farm/master/network.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/xmlwriter.h>

#include "farm/net/net.h"
#include "farm/virt/domain-xml.h"
#include "farm/virt/virt.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

static uint32_t number_of(const struct xf_addr *a)
{
	return (uint32_t)a->byte[0] << 24 | (uint32_t)a->byte[1] << 16 | (uint32_t)a->byte[2] << 8 |
	       a->byte[3];
}

static struct xf_addr address_of(uint32_t number)
{
	return (struct xf_addr){ .family = 4,
		.byte = { (uint8_t)(number >> 24), (uint8_t)(number >> 16), (uint8_t)(number >> 8),
			(uint8_t)number } };
}

const char *master_network_parse(struct master_network *network, const char *text)
{
	const char *slash = strchr(text, '/');
	char *end = NULL;
	unsigned long prefix = slash ? strtoul(slash + 1, &end, 10) : 0;

	if (!slash || end == slash + 1 || *end || slash[1] == '-' || slash[1] == '+' ||
		xf_addr_parse(text, (size_t)(slash - text), &network->server) < 0 ||
		network->server.family != 4)
		return "is not an IPv4 address with its prefix length";
	if (prefix < 8 || prefix > 29)
		return "has a prefix length that is not from 8 to 29";
	network->prefix = (uint8_t)prefix;
	return NULL;
}

bool master_network_address(
	const struct master_network *network, unsigned int n, struct xf_addr *address)
{
	uint32_t server = number_of(&network->server);
	uint32_t size = (uint32_t)1 << (32 - network->prefix), base = server & ~(size - 1);

	/* The first and the last are the network's own. */
	for (uint32_t i = 1; i < size - 1 && n < MASTER_NETWORK_HOSTS_MAX; i++) {
		if (base + i == server || n-- > 0)
			continue;
		*address = address_of(base + i);
		return true;
	}
	return false;
}

bool master_network_of_mac(const char *mac, struct xf_addr *address)
{
	unsigned int byte[6];
	char rest;

	if (sscanf(mac, "%2x:%2x:%2x:%2x:%2x:%2x%c", &byte[0], &byte[1], &byte[2], &byte[3],
		    &byte[4], &byte[5], &rest) != 6 ||
		byte[0] != 0x52 || byte[1] != 0x54)
		return false;
	*address = address_of(byte[2] << 24 | byte[3] << 16 | byte[4] << 8 | byte[5]);
	return true;
}

/* --- XML --- */

static void attribute(xmlTextWriter *w, const char *name, const char *value)
{
	xmlTextWriterWriteAttribute(w, BAD_CAST name, BAD_CAST value);
}

static void open_element(xmlTextWriter *w, const char *name)
{
	xmlTextWriterStartElement(w, BAD_CAST name);
}

static void close_element(xmlTextWriter *w)
{
	xmlTextWriterEndElement(w);
}

static void write_hosts(xmlTextWriter *w, const struct master_network *network)
{
	char first[XF_ADDR_TEXT_MAX] = "", text[XF_ADDR_TEXT_MAX] = "";
	struct xf_addr address;
	unsigned int n = 0;

	open_element(w, "dhcp");
	while (master_network_address(network, n, &address))
		xf_addr_format(&address, n++ ? text : first);
	open_element(w, "range");
	attribute(w, "start", first);
	attribute(w, "end", text);
	close_element(w);
	for (n = 0; master_network_address(network, n, &address); n++) {
		xf_addr_format(&address, text);
		open_element(w, "host");
		attribute(w, "mac", domain_xml_mac(&address).text);
		attribute(w, "ip", text);
		close_element(w);
	}
	close_element(w);
}

static void write_network(xmlTextWriter *w, const struct master_network *network)
{
	char text[XF_ADDR_TEXT_MAX], prefix[8];

	xf_addr_format(&network->server, text);
	snprintf(prefix, sizeof(prefix), "%u", network->prefix);
	open_element(w, "network");
	xmlTextWriterWriteElement(w, BAD_CAST "name", BAD_CAST network->name);
	open_element(w, "metadata");
	open_element(w, "network");
	attribute(w, "xmlns", NET_NETWORK_NAMESPACE);
	close_element(w);
	close_element(w);
	if (network->reaches_out) {
		open_element(w, "forward");
		attribute(w, "mode", "nat");
		close_element(w);
	}
	open_element(w, "bridge");
	attribute(w, "name", network->bridge);
	attribute(w, "stp", "off");
	attribute(w, "delay", "0");
	close_element(w);
	open_element(w, "ip");
	attribute(w, "address", text);
	attribute(w, "prefix", prefix);
	write_hosts(w, network);
	close_element(w);
	close_element(w);
}

/* The writer puts into memory only: it fails for want of that, and then writes no more. */
char *master_network_xml(const struct master_network *network)
{
	xmlBuffer *buffer = xmlBufferCreate();
	xmlTextWriter *w = buffer ? xmlNewTextWriterMemory(buffer, 0) : NULL;
	char *document = NULL;

	if (w) {
		xmlTextWriterSetIndent(w, 1);
		write_network(w, network);
		if (xmlTextWriterFlush(w) >= 0)
			document = strdup((const char *)xmlBufferContent(buffer));
	}
	xmlFreeTextWriter(w);
	xmlBufferFree(buffer);
	return document;
}

/* --- libvirt --- */

static virNetworkPtr define(virConnectPtr connection, const struct master_network *network)
{
	AUTO_FREE char *xml = master_network_xml(network);
	virNetworkPtr defined = xml ? virNetworkDefineXML(connection, xml) : NULL;

	if (!xml)
		cli_error(-ENOMEM, "the network %s", network->name);
	else if (!defined)
		virt_error(NULL, "cannot define the masters' network %s", network->name);
	return defined;
}

int master_network_start(virConnectPtr connection, const struct master_network *network)
{
	virNetworkPtr found = virNetworkLookupByName(connection, network->name);
	int r = 0;

	if (!found && virt_errno() != -ENOENT)
		return virt_error(NULL, "cannot look for the network %s", network->name);
	if (!found)
		found = define(connection, network);
	if (!found)
		return -EIO;
	virt_watch(VIRT_CALL_LIMIT, "starting the network %s", network->name);
	if (virNetworkIsActive(found) != 1 && virNetworkCreate(found) < 0)
		r = virt_error("it needs dnsmasq, and with NAT iptables or nftables",
			"cannot start the masters' network %s", network->name);
	virt_watch_end();
	virNetworkFree(found);
	return r;
}
