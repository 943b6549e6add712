#include "farm/net/compose.h"

#include <errno.h>
#include <libxml/xmlwriter.h>
#include <stdio.h>
#include <string.h>

#include "lib/digest.h"
#include "lib/hex.h"

static const struct net_text {
	char text[XF_ADDR_TEXT_MAX];
} no_text;

static struct net_text text_of(const struct xf_addr *address)
{
	struct net_text text = no_text;

	xf_addr_format(address, text.text);
	return text;
}

/* --- libvirt --- */

static void attribute(xmlTextWriterPtr w, const char *name, const char *value)
{
	xmlTextWriterWriteAttribute(w, BAD_CAST name, BAD_CAST value);
}

/* An element with up to two attributes and nothing in it. */
static void element(xmlTextWriterPtr w, const char *name, const char *a, const char *a_value,
	const char *b, const char *b_value)
{
	xmlTextWriterStartElement(w, BAD_CAST name);
	attribute(w, a, a_value);
	if (b)
		attribute(w, b, b_value);
	xmlTextWriterEndElement(w);
}

static void write_network(xmlTextWriterPtr w, const struct net_farm *farm, const char *uuid)
{
	char prefix[8];

	snprintf(prefix, sizeof(prefix), "%u", farm->prefix);
	xmlTextWriterStartElement(w, BAD_CAST "network");
	xmlTextWriterWriteElement(w, BAD_CAST "name", BAD_CAST farm->network);
	if (uuid)
		xmlTextWriterWriteElement(w, BAD_CAST "uuid", BAD_CAST uuid);
	xmlTextWriterStartElement(w, BAD_CAST "metadata");
	element(w, "network", "xmlns", NET_NETWORK_NAMESPACE, NULL, NULL);
	xmlTextWriterEndElement(w);
	/* No spanning tree: a port forwards at once, and clients' BPDUs mean nothing. */
	xmlTextWriterStartElement(w, BAD_CAST "bridge");
	attribute(w, "name", farm->bridge);
	attribute(w, "stp", "off");
	attribute(w, "delay", "0");
	xmlTextWriterEndElement(w);
	element(w, "dns", "enable", "no", NULL, NULL);
	element(w, "port", "isolated", "yes", NULL, NULL);
	xmlTextWriterStartElement(w, BAD_CAST "ip");
	attribute(w, "family", farm->server.family == 4 ? "ipv4" : "ipv6");
	attribute(w, "address", text_of(&farm->server).text);
	attribute(w, "prefix", prefix);
	xmlTextWriterEndDocument(w);
}

void net_compose_network(const struct net_farm *farm, const char *uuid, struct buf *out)
{
	xmlBufferPtr xml = xmlBufferCreate();
	xmlTextWriterPtr w = xml ? xmlNewTextWriterMemory(xml, 0) : NULL;

	if (w) {
		xmlTextWriterSetIndent(w, 1);
		xmlTextWriterSetIndentString(w, BAD_CAST "  ");
		write_network(w, farm, uuid);
	}
	xmlFreeTextWriter(w);
	if (xml)
		buf_puts(out, (const char *)xmlBufferContent(xml));
	xmlBufferFree(xml);
	out->failed |= !w;
}

/* --- NFS --- */

/* exports(5): a blank, a quote, a backslash or a # in a path is written in octal. */
void net_compose_export_path(const char *path, struct buf *out)
{
	for (const unsigned char *p = (const unsigned char *)path; *p; p++)
		if (*p <= ' ' || strchr("\"\\#", *p))
			buf_printf(out, "\\%03o", *p);
		else
			buf_add(out, p, 1);
}

void net_compose_exports(const struct net_farm *farm, struct buf *out)
{
	struct xf_addr base = net_base(farm);

	for (size_t i = 0; i < farm->n_shares; i++) {
		net_compose_export_path(farm->share[i].path, out);
		/* A client's root reads what only root may: no_root_squash. */
		buf_printf(out, "\t%s/%u(ro,no_root_squash,no_subtree_check,sec=sys,fsid=%s)\n",
			text_of(&base).text, farm->prefix, farm->share[i].uuid);
	}
}

static bool has_port(const struct net_farm *farm, uint16_t port)
{
	for (size_t i = 0; i < farm->n_ports; i++)
		if (farm->port[i] == port)
			return true;
	return false;
}

/* In steps of 16, so that not each new client changes the file and restarts the server. */
static size_t nfs_threads(size_t n_clients)
{
	size_t threads = (n_clients + 15) / 16 * 16;

	return threads < 16 ? 16 : threads > 128 ? 128 : threads;
}

void net_compose_nfs_conf(
	const struct net_farm *farm, size_t n_clients, bool alone, struct buf *out)
{
	buf_puts(out, "[nfsd]\n");
	if (alone)
		buf_printf(out, "host = %s\n", text_of(&farm->server).text);
	/* After a restart, nothing opens a file until this has passed: 90 by default. */
	buf_printf(
		out, "threads = %zu\ngrace-time = 15\nlease-time = 15\n", nfs_threads(n_clients));
	if (has_port(farm, 20048))
		buf_puts(out, "\n[mountd]\nport = 20048\n");
}

/* --- systemd --- */

void net_compose_nfs_unit(const struct net_farm *farm, struct buf *out)
{
	buf_puts(out, "[Unit]\n"
		      "After=libvirtd.service virtnetworkd.service\n"
		      "\n"
		      "[Service]\n"
		      "# nfsd cannot bind to an address that libvirt has not made yet.\n");
	buf_printf(out,
		"ExecStartPre=-/usr/bin/timeout 60 /bin/sh -c "
		"'until ip -o address show to %s | grep -q .; do sleep 1; done'\n",
		text_of(&farm->server).text);
}

void net_compose_unit(const char *path, struct buf *out)
{
	buf_printf(out,
		"[Unit]\n"
		"Description=Isolation of the clients of the farm\n"
		"Documentation=man:xenfarm(8)\n"
		"# Before the first domain; after those who flush what is there.\n"
		"Before=libvirtd.service virtqemud.service virtxend.service virtnetworkd.service "
		"xendomains.service\n"
		"After=nftables.service firewalld.service ufw.service\n"
		"PartOf=nftables.service\n"
		"ReloadPropagatedFrom=nftables.service\n"
		"\n"
		"[Service]\n"
		"Type=oneshot\n"
		"RemainAfterExit=yes\n"
		"ExecStart=/usr/sbin/nft -f %s\n"
		"ExecReload=/usr/sbin/nft -f %s\n"
		"\n"
		"[Install]\n"
		"WantedBy=multi-user.target\n",
		path, path);
}

/* --- AppArmor --- */

/* Where the profile lets virt-aa-helper read: Debian 12 and 13. */
static bool apparmor_allows(const char *path)
{
	static const char *const readable[] = { "/srv", "/mnt", "/opt", "/media", "/home",
		"/var/lib/libvirt/images", NULL };

	for (size_t i = 0; readable[i]; i++) {
		size_t n = strlen(readable[i]);

		if (strncmp(path, readable[i], n) == 0 && (path[n] == '/' || path[n] == '\0'))
			return true;
	}
	return false;
}

/* What has a meaning in a profile's paths is quoted by a backslash. */
static void apparmor_path(const char *path, struct buf *out)
{
	if (apparmor_allows(path))
		return;
	buf_puts(out, "\"");
	for (; *path; path++) {
		if (strchr("*?[]{}\\\"^@", *path))
			buf_puts(out, "\\");
		buf_add(out, path, 1);
	}
	buf_puts(out, "/**\" r,\n");
}

void net_compose_apparmor(const struct net_farm *farm, struct buf *out)
{
	apparmor_path(farm->boot, out);
	apparmor_path(farm->disks, out);
}

/* --- Xen --- */

void net_compose_vif_script(struct buf *out)
{
	/* A failure is told to libxl as vif-bridge does, by an element in xenstore: the domain
	 * does not start with a port that others can be reached by. */
	buf_puts(out, "#!/bin/bash\n"
		      "# A client's vif becomes a port of the bridge by the distribution's "
		      "vif-bridge, and is\n"
		      "# then isolated from the other ports, which nobody else does on Xen.\n"
		      "PATH=/usr/sbin:/sbin:/usr/bin:/bin:$PATH\n"
		      "scripts=${0%/*}\n"
		      "\"$scripts/vif-bridge\" \"$@\" || exit\n"
		      "case $* in *online*|*add*) ;; *) exit 0 ;; esac\n"
		      "dev=$vif\n"
		      "name=$(xenstore-read \"$XENBUS_PATH/vifname\" 2>/dev/null) && dev=$name\n"
		      "if bridge link set dev \"$dev\" isolated on &&\n"
		      "    [ \"$(cat \"/sys/class/net/$dev/brport/isolated\")\" = 1 ]; then\n"
		      "    exit 0\n"
		      "fi\n"
		      "xenstore-write \"$XENBUS_PATH/hotplug-error\" \"$dev was not isolated\" \\\n"
		      "    \"$XENBUS_PATH/hotplug-status\" error\n"
		      "exit 1\n");
}

/* --- what is ours --- */

#define MARK       "# `xenfarm init` made this file ("
#define MARK_TAIL  "); one that was edited is left alone.\n"
#define DIGEST_HEX 16

/* Where our line stands in a file, or n: at the beginning, or after a "#!" line. */
static size_t mark_place(const char *content, size_t n)
{
	const char *line = n > 2 && memcmp(content, "#!", 2) == 0 ? memchr(content, '\n', n) : NULL;

	return line ? (size_t)(line + 1 - content) : 0;
}

/* Of a file without the line of ours, n bytes long, in hexadecimal. */
static int digest_text(const char *content, size_t n, char hex[static DIGEST_HEX + 1])
{
	struct digest digest;
	int r = digest_bytes(content, n, DIGEST_SHA256, &digest);

	if (r == 0)
		hex_text(hex, digest.sha256, DIGEST_HEX / 2);
	return r;
}

int net_sign(struct buf *content)
{
	struct buf signed_text = { 0 };
	char hex[DIGEST_HEX + 1];
	size_t place = mark_place(content->data, content->size);
	int r = digest_text(content->data, content->size, hex);

	if (r < 0)
		return r;
	buf_add(&signed_text, content->data, place);
	buf_printf(&signed_text, MARK "%s" MARK_TAIL, hex);
	buf_add(&signed_text, content->data + place, content->size - place);
	signed_text.failed |= content->failed;
	buf_free(content);
	*content = signed_text;
	return content->failed ? -ENOMEM : 0;
}

enum net_owner net_owner(const char *content, size_t n)
{
	size_t place = mark_place(content, n), length = sizeof(MARK MARK_TAIL) - 1 + DIGEST_HEX;
	AUTO_BUF struct buf rest = { 0 };
	char hex[DIGEST_HEX + 1] = "";

	if (n - place < length || memcmp(content + place, MARK, sizeof(MARK) - 1) != 0)
		return NET_FOREIGN;
	buf_add(&rest, content, place);
	buf_add(&rest, content + place + length, n - place - length);
	if (rest.failed || digest_text(rest.data, rest.size, hex) < 0)
		return NET_EDITED;
	return memcmp(content + place + sizeof(MARK) - 1, hex, DIGEST_HEX) == 0 ? NET_OURS
										: NET_EDITED;
}
