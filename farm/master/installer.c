#include "farm/master/installer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libxml/parser.h>

#include "farm/master/network.h"
#include "farm/master/tree.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/spawn.h"

#define COMPOSE_LIMIT 120 /* seconds */
#define DOCUMENT_MAX  (1 << 20)

int installer_check(void)
{
	return master_program_check("virt-install", "virtinst");
}

/* --- the record --- */

/* <metadata>, which virt-install may have made for its own use. */
static xmlNode *find_metadata(xmlNode *root)
{
	for (xmlNode *node = root->children; node; node = node->next)
		if (node->name && strcmp((const char *)node->name, "metadata") == 0)
			return node;
	return xmlNewChild(root, NULL, BAD_CAST "metadata", NULL);
}

char *installer_add_record(const char *xml, const struct record *record)
{
	AUTO_FREE char *text = record_format(record);
	xmlDoc *doc = xmlReadMemory(xml, (int)strlen(xml), NULL, NULL,
		XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL, *metadata, *element = NULL;
	xmlChar *out = NULL;
	char *document = NULL;
	int n;

	if (text && root && strcmp((const char *)root->name, "domain") == 0 &&
		(metadata = find_metadata(root)) != NULL &&
		xmlParseInNodeContext(metadata, text, (int)strlen(text), 0, &element) ==
			XML_ERR_OK &&
		element && xmlAddChild(metadata, element)) {
		xmlDocDumpMemory(doc, &out, &n);
		document = out ? strdup((const char *)out) : NULL;
	}
	xmlFree(out);
	xmlFreeDoc(doc);
	return document;
}

/* --- virt-install --- */

/* step: "1", to install; "2", after it. The document, the caller's to free, or NULL after a
 * message.
 */
static char *compose(const struct installer *i, const char *step)
{
	const struct master_define *d = i->define;
	const struct farm_settings *s = &i->session->context->settings;
	AUTO_FREE char *disk = NULL, *network = NULL, *memory = NULL, *cpus = NULL;
	AUTO_CLOSE int out = memfd_create("domain", MFD_CLOEXEC);
	AUTO_BUF struct buf text = { 0 };
	struct record record = d->record;
	int status, r;

	/* Ready is what will not start the installer again. */
	record.state = *step == '1' ? RECORD_CREATING : RECORD_READY;
	if (asprintf(&disk, "path=%s,format=raw,bus=virtio", d->disk) < 0 ||
		asprintf(&network, "network=%s,model=virtio,mac=%s", s->master_network,
			domain_xml_mac(&d->address).text) < 0 ||
		asprintf(&memory, "%u", d->memory) < 0 || asprintf(&cpus, "%u", d->cpus) < 0 ||
		out < 0)
		return NULL;
	r = spawn_run(
		&(const struct spawn){
			.argv = (const char *[]){ "virt-install", "--quiet", "--connect",
				s->host.uri, "--name", d->name, "--uuid", d->uuid, "--memory",
				memory, "--vcpus", cpus, "--disk", disk, "--network", network,
				"--cdrom", i->iso, "--osinfo", "detect=on,require=off",
				"--graphics", "vnc", "--check", "all=off", "--print-xml", step,
				NULL },
			.out = out,
			.kept = -1,
			.limit = COMPOSE_LIMIT,
			.dies_with_parent = true },
		&status);
	if (r < 0 || status || lseek(out, 0, SEEK_SET) < 0 ||
		buf_read(&text, out, DOCUMENT_MAX) < 0) {
		cli_error(0, "virt-install(1) could not compose the domain of %s, see above",
			d->name);
		return NULL;
	}
	buf_add(&text, "", 1);
	return text.failed ? NULL : installer_add_record(text.data, &record);
}

static int start(const struct installer *i, virDomainPtr domain)
{
	int r = 0;

	virt_watch(VIRT_CALL_LIMIT, "starting %s", i->define->name);
	if (virDomainCreate(domain) < 0)
		r = virt_error(NULL, "cannot start %s", i->define->name);
	virt_watch_end();
	return r;
}

int installer_start(const struct installer *i, virDomainPtr *domain)
{
	AUTO_FREE char *install = compose(i, "1"), *after = NULL;
	struct master_network network;
	int r = install ? 0 : -EIO;

	if (install)
		after = compose(i, "2");
	if (!after)
		return -EIO;
	r = master_settings_network(&i->session->context->settings, &network);
	if (r == 0)
		r = master_network_start(i->session->connection, &network);
	if (r == 0)
		r = master_define(i->session, i->define->name, install, domain);
	if (r == 0)
		r = start(i, *domain);
	/* What runs stays as it is; this is for its next start. */
	return r == 0 ? master_define(i->session, i->define->name, after, domain) : r;
}
