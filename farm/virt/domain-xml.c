#include "farm/virt/domain-xml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/xmlwriter.h>

struct domain_xml_mac domain_xml_mac(const struct xf_addr *a)
{
	struct domain_xml_mac mac;

	snprintf(mac.text, sizeof(mac.text), "52:54:%02x:%02x:%02x:%02x", a->byte[0], a->byte[1],
		a->byte[2], a->byte[3]);
	return mac;
}

/* --- a writer that remembers that it failed --- */

struct out {
	xmlTextWriter *w;
	bool failed;
};

static void open_element(struct out *o, const char *name)
{
	o->failed |= xmlTextWriterStartElement(o->w, (const xmlChar *)name) < 0;
}

static void close_element(struct out *o)
{
	o->failed |= xmlTextWriterEndElement(o->w) < 0;
}

static void attribute(struct out *o, const char *name, const char *value)
{
	o->failed |= xmlTextWriterWriteAttribute(
			     o->w, (const xmlChar *)name, (const xmlChar *)value) < 0;
}

/* An element with attributes, NAME, VALUE, …, NULL, and nothing in it. */
static void leaf_of(struct out *o, const char *element, const char *const *names)
{
	open_element(o, element);
	for (; *names; names += 2)
		attribute(o, names[0], names[1]);
	close_element(o);
}

#define leaf(o, element, ...) leaf_of(o, element, (const char *const[]){ __VA_ARGS__, NULL })

static void text(struct out *o, const char *element, const char *value)
{
	o->failed |= xmlTextWriterWriteElement(
			     o->w, (const xmlChar *)element, (const xmlChar *)value) < 0;
}

static void number(struct out *o, const char *element, const char *unit, uint32_t value)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%u", value);
	open_element(o, element);
	if (unit)
		attribute(o, "unit", unit);
	o->failed |= xmlTextWriterWriteString(o->w, (const xmlChar *)digits) < 0;
	close_element(o);
}

/* --- the parts of a domain --- */

static const char *const types[] = {
	[DOMAIN_XML_KVM] = "kvm",
	[DOMAIN_XML_QEMU] = "qemu",
	[DOMAIN_XML_XEN] = "xen",
	[DOMAIN_XML_TEST] = "test",
};

static bool is_xen(const struct domain_xml *d)
{
	return d->type == DOMAIN_XML_XEN;
}

static void write_boot(struct out *o, const struct domain_xml *d)
{
	open_element(o, "os");
	text(o, "type", is_xen(d) ? "xen" : "hvm");
	if (d->kernel) {
		text(o, "kernel", d->kernel);
		text(o, "initrd", d->initrd);
		text(o, "cmdline", d->cmdline);
	} else {
		leaf(o, "boot", "dev", "hd");
	}
	close_element(o);
}

/* Without ACPI a guest does not hear that it is to shut down; a Xen PV guest has it from xenstore.
 */
static void write_machine(struct out *o, const struct domain_xml *d)
{
	if (!is_xen(d)) {
		open_element(o, "features");
		text(o, "acpi", NULL);
		close_element(o);
	}
	if (d->type == DOMAIN_XML_KVM)
		leaf(o, "cpu", "mode", "host-passthrough");
	leaf(o, "clock", "offset", "utc");
	text(o, "on_poweroff", "destroy");
	text(o, "on_reboot", "restart");
	text(o, "on_crash", "restart");
}

static void write_disk(struct out *o, const struct domain_xml *d)
{
	const char *format = d->disk_format ? d->disk_format : "raw";

	open_element(o, "disk");
	attribute(o, "type", "file");
	attribute(o, "device", "disk");
	if (is_xen(d))
		leaf(o, "driver", "name", d->disk_format ? "qemu" : "phy", "type", format);
	else
		leaf(o, "driver", "name", "qemu", "type", format, "discard", "unmap");
	leaf(o, "source", "file", d->disk);
	if (is_xen(d))
		leaf(o, "target", "dev", "xvda", "bus", "xen");
	else
		leaf(o, "target", "dev", "vda", "bus", "virtio");
	close_element(o);
}

/* libxl takes a script for an interface on a bridge only, and has no isolated ports. */
static void write_interface(struct out *o, const struct domain_xml *d)
{
	bool bridge = is_xen(d) && d->bridge;

	open_element(o, "interface");
	attribute(o, "type", bridge ? "bridge" : "network");
	leaf(o, "mac", "address", d->mac);
	if (bridge)
		leaf(o, "source", "bridge", d->bridge);
	else
		leaf(o, "source", "network", d->network);
	if (d->device)
		leaf(o, "target", "dev", d->device);
	if (bridge && d->script)
		leaf(o, "script", "path", d->script);
	if (!is_xen(d))
		leaf(o, "model", "type", "virtio");
	if (!is_xen(d) && d->record.role == RECORD_CLIENT)
		leaf(o, "port", "isolated", "yes");
	close_element(o);
}

static void write_console(struct out *o, const struct domain_xml *d)
{
	if (!is_xen(d)) {
		open_element(o, "serial");
		attribute(o, "type", "pty");
		if (d->console_log)
			leaf(o, "log", "file", d->console_log, "append", "off");
		leaf(o, "target", "port", "0");
		close_element(o);
	}
	open_element(o, "console");
	attribute(o, "type", "pty");
	leaf(o, "target", "type", is_xen(d) ? "xen" : "serial", "port", "0");
	close_element(o);
}

static void write_rng(struct out *o)
{
	open_element(o, "rng");
	attribute(o, "model", "virtio");
	open_element(o, "backend");
	attribute(o, "model", "random");
	o->failed |= xmlTextWriterWriteString(o->w, (const xmlChar *)"/dev/urandom") < 0;
	close_element(o);
	close_element(o);
}

static void write_domain(struct out *o, const struct domain_xml *d)
{
	open_element(o, "domain");
	attribute(o, "type", types[d->type]);
	text(o, "name", d->name);
	text(o, "uuid", d->uuid);
	text(o, "title", d->title);
	open_element(o, "metadata");
	o->failed |= !record_write(o->w, &d->record);
	close_element(o);
	number(o, "memory", "MiB", d->memory);
	number(o, "vcpu", NULL, d->cpus);
	write_boot(o, d);
	write_machine(o, d);
	open_element(o, "devices");
	write_disk(o, d);
	write_interface(o, d);
	write_console(o, d);
	if (!is_xen(d))
		write_rng(o);
	close_element(o);
	close_element(o);
}

char *domain_xml_format(const struct domain_xml *domain)
{
	xmlBuffer *buffer = xmlBufferCreate();
	struct out o = { .w = buffer ? xmlNewTextWriterMemory(buffer, 0) : NULL };
	char *document = NULL;

	if (o.w) {
		xmlTextWriterSetIndent(o.w, 1);
		write_domain(&o, domain);
		o.failed |= xmlTextWriterFlush(o.w) < 0;
		if (!o.failed)
			document = strdup((const char *)xmlBufferContent(buffer));
	}
	xmlFreeTextWriter(o.w);
	xmlBufferFree(buffer);
	return document;
}
