#include "farm/master/boot-once.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/xpath.h>

#include "lib/array.h"

static xmlDoc *read_document(const char *xml)
{
	return xmlReadMemory(xml, (int)strlen(xml), NULL, NULL,
		XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
}

/* The nodes of a path; NULL: none, or there is no document. */
static xmlXPathObject *find(xmlDoc *doc, const char *path)
{
	xmlXPathContext *context = doc ? xmlXPathNewContext(doc) : NULL;
	xmlXPathObject *o = context ? xmlXPathEvalExpression(BAD_CAST path, context) : NULL;

	xmlXPathFreeContext(context);
	if (o && o->nodesetval && o->nodesetval->nodeNr > 0)
		return o;
	xmlXPathFreeObject(o);
	return NULL;
}

#define DEVICES "/domain/devices/disk/target/@dev"

/* "vda" is 0; -1: not of that kind, or more than one letter. */
static int place_of(const char *device, const char *kind)
{
	size_t n = strlen(kind);

	return strncmp(device, kind, n) == 0 && device[n] >= 'a' && device[n] <= 'z' &&
			       !device[n + 1]
		       ? device[n] - 'a'
		       : -1;
}

/* All its disks of one kind, "vd" for instance. */
static int take_device(const xmlNodeSet *nodes, char device[static 8])
{
	char kind[4] = "";
	int last = -1;

	for (int i = 0; i < nodes->nodeNr; i++) {
		xmlChar *name = xmlNodeGetContent(nodes->nodeTab[i]);
		size_t n = name ? strlen((char *)name) : 0;
		int place;

		if (i == 0 && n >= 3 && n <= 4)
			snprintf(kind, sizeof(kind), "%.*s", (int)n - 1, (char *)name);
		place = *kind && name ? place_of((char *)name, kind) : -1;
		last = place > last ? place : last;
		xmlFree(name);
	}
	if (last < 0 || last == 'z' - 'a')
		return -EINVAL;
	snprintf(device, 8, "%s%c", kind, 'a' + last + 1);
	return 0;
}

int boot_once_device(const char *xml, char device[static 8])
{
	xmlDoc *doc = read_document(xml);
	xmlXPathObject *o = find(doc, DEVICES);
	int r = o ? take_device(o->nodesetval, device) : -EINVAL;

	xmlXPathFreeObject(o);
	xmlFreeDoc(doc);
	return r;
}

static xmlNode *add(xmlNode *parent, const char *element, const char *name, const char *value)
{
	xmlNode *node = xmlNewChild(parent, NULL, BAD_CAST element, NULL);

	if (node)
		xmlNewProp(node, BAD_CAST name, BAD_CAST value);
	return node;
}

static void add_disk(xmlNode *devices, const char *file, const char *device)
{
	xmlNode *disk = add(devices, "disk", "type", "file"), *part;
	bool xen = device[0] == 'x';

	xmlNewProp(disk, BAD_CAST "device", BAD_CAST "disk");
	part = add(disk, "driver", "name", xen ? "phy" : "qemu");
	xmlNewProp(part, BAD_CAST "type", BAD_CAST "raw");
	add(disk, "source", "file", file);
	part = add(disk, "target", "dev", device);
	if (device[0] == 'v')
		xmlNewProp(part, BAD_CAST "bus", BAD_CAST "virtio");
}

/* What it boots, instead of what it says. */
static void set_boot(xmlNode *os, const struct boot_once *once)
{
	static const char *const replaced[] = { "kernel", "initrd", "cmdline", "boot" };
	xmlNode *next;

	for (xmlNode *node = os->children; node; node = next) {
		next = node->next;
		for (size_t i = 0; i < ARRAY_SIZE(replaced); i++)
			if (node->name && strcmp((const char *)node->name, replaced[i]) == 0) {
				xmlUnlinkNode(node);
				xmlFreeNode(node);
				break;
			}
	}
	xmlNewTextChild(os, NULL, BAD_CAST "kernel", BAD_CAST once->kernel);
	xmlNewTextChild(os, NULL, BAD_CAST "initrd", BAD_CAST once->initrd);
	xmlNewTextChild(os, NULL, BAD_CAST "cmdline", BAD_CAST once->cmdline);
}

char *boot_once_xml(const char *xml, const struct boot_once *once)
{
	xmlDoc *doc = read_document(xml);
	xmlXPathObject *devices = find(doc, "/domain/devices"), *os = find(doc, "/domain/os");
	xmlChar *text = NULL;
	char *out = NULL;
	int n;

	if (devices && os) {
		set_boot(os->nodesetval->nodeTab[0], once);
		if (once->file)
			add_disk(devices->nodesetval->nodeTab[0], once->file, once->device);
		xmlDocDumpMemory(doc, &text, &n);
		out = text ? strdup((char *)text) : NULL;
	}
	xmlFree(text);
	xmlXPathFreeObject(devices);
	xmlXPathFreeObject(os);
	xmlFreeDoc(doc);
	return out;
}
