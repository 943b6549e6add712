/* A client's or master's domain as libvirt's XML, composed; and what is needed of one that exists,
 * read. No I/O. */
#ifndef FARM_VIRT_DOMAIN_XML_H
#define FARM_VIRT_DOMAIN_XML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "farm/virt/record.h"

/* How it runs: <domain type=…>. VIRT… of farm/virt/virt.h says which hypervisor it is. */
enum domain_xml_type { DOMAIN_XML_KVM, DOMAIN_XML_QEMU, DOMAIN_XML_XEN, DOMAIN_XML_TEST };

/* All texts are the caller's; any text is escaped as XML wants it. */
struct domain_xml {
	enum domain_xml_type type;
	const char *name, *uuid, *title;
	uint32_t memory; /* MiB */
	uint32_t cpus;
	const char *kernel, *initrd, *cmdline; /* NULL: what its disk has in its boot sector */
	const char *disk;                      /* an image file */
	const char *disk_format;               /* NULL: "raw" */
	const char *network; /* libvirt's; a client's port is isolated from all others */
	const char *bridge;  /* on Xen: the network's bridge */
	const char *script;  /* on Xen: what isolates the port; NULL: libxl's own */
	const char *device;  /* of the port on the server; NULL: any */
	const char *mac;
	const char *
		console_log; /* where virtlogd(8) keeps what it prints; NULL: nowhere. Not on Xen */
	struct record record;
};

/* Returns the document, the caller's to free; NULL without memory. */
char *domain_xml_format(const struct domain_xml *domain);

/* The MAC of a client: locally administered, and its address: 52:54:0a:4d:00:0b. */
struct domain_xml_mac {
	char text[18];
};
struct domain_xml_mac domain_xml_mac(const struct xf_addr *address);

/* What is read from a domain's XML. Any of the texts is NULL if it is not there. */
struct domain_xml_read {
	char *name, *uuid, *title, *disk, *kernel, *initrd, *cmdline, *device, *mac;
	uint32_t cpus, memory; /* MiB */
	unsigned int n_disks;
};
/* Returns 0, -EINVAL if it is not a domain's XML, or -ENOMEM. */
int domain_xml_parse(const char *xml, struct domain_xml_read *domain);
void domain_xml_free(struct domain_xml_read *domain);
#define AUTO_DOMAIN_XML __attribute__((cleanup(domain_xml_free)))

/*
 * The same document with another name, title, disk, kernel, initrd or command line where these are
 * not NULL, and all else as it is: an administrator may have changed it. Returns it, the caller's
 * to free, or NULL: no memory, or it lacks the element.
 */
struct domain_xml_change {
	const char *name, *title, *disk, *kernel, *initrd, *cmdline;
	const struct record *record;
};
char *domain_xml_change(const char *xml, const struct domain_xml_change *change);

#endif
