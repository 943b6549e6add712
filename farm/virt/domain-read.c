/* A domain's XML that exists: what it says, and changes of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include "farm/virt/domain-xml.h"
#include "lib/array.h"

#define DOMAIN_BYTES_MAX (1 << 20)
#define DISK             "/domain/devices/disk[@device='disk' or not(@device)]"

static xmlDoc *read_document(const char *xml)
{
	size_t n = strlen(xml);
	xmlDoc *doc = n > DOMAIN_BYTES_MAX
			      ? NULL
			      : xmlReadMemory(xml, (int)n, NULL, NULL,
					XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;

	if (root && strcmp((const char *)root->name, "domain") == 0)
		return doc;
	xmlFreeDoc(doc);
	return NULL;
}

/* The nodes of a path, or NULL: none. */
static xmlXPathObject *find(xmlXPathContext *context, const char *path)
{
	xmlXPathObject *o = xmlXPathEvalExpression((const xmlChar *)path, context);

	if (o && o->nodesetval && o->nodesetval->nodeNr > 0)
		return o;
	xmlXPathFreeObject(o);
	return NULL;
}

static char *text_of(xmlXPathContext *context, const char *path)
{
	xmlXPathObject *o = find(context, path);
	xmlChar *content = o ? xmlNodeGetContent(o->nodesetval->nodeTab[0]) : NULL;
	char *text = content ? strdup((const char *)content) : NULL;

	xmlFree(content);
	xmlXPathFreeObject(o);
	return text;
}

static uint32_t number_of(xmlXPathContext *context, const char *path)
{
	char *text = text_of(context, path);
	unsigned long value = text ? strtoul(text, NULL, 10) : 0;

	free(text);
	return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

static const struct place {
	const char *path;
	size_t offset;
} places[] = {
	{ "/domain/name", offsetof(struct domain_xml_read, name) },
	{ "/domain/uuid", offsetof(struct domain_xml_read, uuid) },
	{ "/domain/title", offsetof(struct domain_xml_read, title) },
	{ DISK "/source/@file", offsetof(struct domain_xml_read, disk) },
	{ "/domain/os/kernel", offsetof(struct domain_xml_read, kernel) },
	{ "/domain/os/initrd", offsetof(struct domain_xml_read, initrd) },
	{ "/domain/os/cmdline", offsetof(struct domain_xml_read, cmdline) },
	{ "/domain/devices/interface/target/@dev", offsetof(struct domain_xml_read, device) },
	{ "/domain/devices/interface/mac/@address", offsetof(struct domain_xml_read, mac) },
};

static void take(xmlXPathContext *context, struct domain_xml_read *domain)
{
	xmlXPathObject *disks = find(context, DISK);

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		*(char **)((char *)domain + places[i].offset) = text_of(context, places[i].path);
	domain->n_disks = disks ? (unsigned int)disks->nodesetval->nodeNr : 0;
	domain->cpus = number_of(context, "/domain/vcpu");
	domain->memory = number_of(context, "/domain/memory") / 1024; /* libvirt writes KiB */
	xmlXPathFreeObject(disks);
}

int domain_xml_parse(const char *xml, struct domain_xml_read *domain)
{
	xmlDoc *doc = read_document(xml);
	xmlXPathContext *context = doc ? xmlXPathNewContext(doc) : NULL;

	memset(domain, 0, sizeof(*domain));
	if (context)
		take(context, domain);
	xmlXPathFreeContext(context);
	xmlFreeDoc(doc);
	return doc ? context ? 0 : -ENOMEM : -EINVAL;
}

void domain_xml_free(struct domain_xml_read *domain)
{
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		free(*(char **)((char *)domain + places[i].offset));
	memset(domain, 0, sizeof(*domain));
}

/* --- changes --- */

/* Give the first node of path that content; NULL: leave it. False if there is no such node. */
static bool put(xmlXPathContext *context, const char *path, const char *content)
{
	xmlXPathObject *o = content ? find(context, path) : NULL;
	xmlNode *node = o ? o->nodesetval->nodeTab[0] : NULL;

	if (node && node->type == XML_ATTRIBUTE_NODE) {
		xmlSetProp(node->parent, node->name, (const xmlChar *)content);
	} else if (node) {
		/* xmlNodeSetContent() takes entities; the other takes text as it is. */
		xmlNodeSetContent(node, NULL);
		xmlNodeAddContent(node, (const xmlChar *)content);
	}
	xmlXPathFreeObject(o);
	return !content || node;
}

/* A domain need not have a title: it then gets one, after its name or UUID. */
static bool put_title(xmlXPathContext *context, const char *title)
{
	xmlXPathObject *o;
	xmlNode *node;

	if (!title || put(context, "/domain/title", title))
		return true;
	o = find(context, "/domain/uuid");
	node = o ? xmlNewTextChild(xmlDocGetRootElement(context->doc), NULL,
			   (const xmlChar *)"title", (const xmlChar *)title)
		 : NULL;
	if (node)
		xmlAddNextSibling(o->nodesetval->nodeTab[0], node);
	xmlXPathFreeObject(o);
	return node != NULL;
}

static bool put_record(xmlXPathContext *context, const struct record *record)
{
	char *text = record ? record_format(record) : NULL;
	xmlNode *list = NULL;
	xmlXPathObject *o;

	if (!record)
		return true;
	xmlXPathRegisterNs(context, (const xmlChar *)"x", (const xmlChar *)RECORD_NAMESPACE);
	o = find(context, "/domain/metadata/x:*");
	if (o && text &&
		xmlParseInNodeContext(o->nodesetval->nodeTab[0]->parent, text, (int)strlen(text),
			XML_PARSE_NONET, &list) == XML_ERR_OK &&
		list)
		xmlFreeNode(xmlReplaceNode(o->nodesetval->nodeTab[0], list));
	xmlXPathFreeObject(o);
	free(text);
	return list != NULL;
}

static bool change_all(xmlXPathContext *context, const struct domain_xml_change *c)
{
	return put(context, "/domain/name", c->name) && put_title(context, c->title) &&
	       put(context, DISK "/source/@file", c->disk) &&
	       put(context, "/domain/os/kernel", c->kernel) &&
	       put(context, "/domain/os/initrd", c->initrd) &&
	       put(context, "/domain/os/cmdline", c->cmdline) && put_record(context, c->record);
}

char *domain_xml_change(const char *xml, const struct domain_xml_change *change)
{
	xmlDoc *doc = read_document(xml);
	xmlXPathContext *context = doc ? xmlXPathNewContext(doc) : NULL;
	char *text = NULL;
	xmlChar *all = NULL;
	int n;

	if (context && change_all(context, change)) {
		xmlDocDumpMemory(doc, &all, &n);
		text = all ? strdup((const char *)all) : NULL;
	}
	xmlFree(all);
	xmlXPathFreeContext(context);
	xmlFreeDoc(doc);
	return text;
}
