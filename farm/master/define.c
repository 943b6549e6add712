#include "farm/master/define.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "farm/virt/kvm.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/paths.h"

/* Looked at, and told, once. */
static bool is_kvm(void)
{
	static enum { UNKNOWN, YES, NO } known;

	if (known == UNKNOWN)
		known = kvm_works(PATH_RUN) ? YES : NO;
	return known == YES;
}

static enum domain_xml_type type_of(const struct master_session *s)
{
	switch (virt_kind(s->connection)) {
	case VIRT_XEN:
		return DOMAIN_XML_XEN;
	case VIRT_TEST:
		return DOMAIN_XML_TEST;
	default:
		return is_kvm() ? DOMAIN_XML_KVM : DOMAIN_XML_QEMU;
	}
}

const char *master_define_console(const struct master_session *s)
{
	return virt_kind(s->connection) == VIRT_XEN ? "hvc0" : "ttyS0";
}

char *master_define_xml(const struct master_session *s, const struct master_define *d)
{
	const struct farm_settings *settings = &s->context->settings;
	AUTO_FREE char *kernel = NULL, *initrd = NULL, *title = NULL;
	struct domain_xml_mac mac = domain_xml_mac(&d->address);
	struct domain_xml x = { .type = type_of(s),
		.name = d->name,
		.uuid = d->uuid,
		.memory = d->memory,
		.cpus = d->cpus,
		.cmdline = d->cmdline,
		.disk = d->disk,
		.disk_format = d->format,
		.network = settings->master_network,
		.bridge = settings->master_bridge,
		.mac = mac.text,
		.record = d->record };

	if (asprintf(&kernel, "%s/vmlinuz", d->boot) < 0 ||
		asprintf(&initrd, "%s/initrd", d->boot) < 0 ||
		asprintf(&title, "%s: master of %s", d->name, d->share_name) < 0)
		return NULL;
	x.title = title;
	if (d->cmdline) {
		x.kernel = kernel;
		x.initrd = initrd;
	}
	return domain_xml_format(&x);
}

int master_define(
	const struct master_session *s, const char *name, const char *xml, virDomainPtr *domain)
{
	virDomainPtr defined;

	virt_watch(VIRT_CALL_LIMIT, "defining %s", name);
	defined = virDomainDefineXML(s->connection, xml);
	virt_watch_end();
	if (!defined)
		return virt_error(NULL, "cannot define the domain of %s", name);
	virt_free_domain(domain);
	*domain = defined;
	return 0;
}

/* --- what other domains have --- */

/* Call look with what each domain is started with, until it returns something else than 0. */
static int each_domain(const struct master_session *s,
	int (*look)(const char *name, const struct domain_xml_read *domain, void *data), void *data)
{
	virDomainPtr *domains = NULL;
	int n = virConnectListAllDomains(s->connection, &domains, 0), r = 0;

	if (n < 0)
		return virt_error(NULL, "cannot list the domains");
	for (int i = 0; i < n; i++) {
		AUTO_FREE char *xml = virDomainGetXMLDesc(domains[i], VIR_DOMAIN_XML_INACTIVE);
		AUTO_DOMAIN_XML struct domain_xml_read domain = { 0 };

		if (r == 0 && xml && domain_xml_parse(xml, &domain) == 0)
			r = look(virDomainGetName(domains[i]), &domain, data);
		virDomainFree(domains[i]);
	}
	free(domains);
	return r;
}

struct addresses {
	const struct master_network *network;
	bool used[MASTER_NETWORK_HOSTS_MAX];
};

static int note_address(const char *name, const struct domain_xml_read *domain, void *data)
{
	struct addresses *a = data;
	struct xf_addr address, one;

	(void)name;
	if (!domain->mac || !master_network_of_mac(domain->mac, &address))
		return 0;
	for (unsigned int i = 0; master_network_address(a->network, i, &one); i++)
		if (memcmp(one.byte, address.byte, 4) == 0)
			a->used[i] = true;
	return 0;
}

int master_define_address(const struct master_session *s, const char *name, struct xf_addr *address)
{
	struct master_network network;
	struct addresses a = { .network = &network };
	int r = master_settings_network(&s->context->settings, &network);

	if (r == 0)
		r = each_domain(s, note_address, &a);
	for (unsigned int i = 0; r == 0; i++) {
		if (!master_network_address(&network, i, address))
			r = -cli_error(ENOSPC,
				"the masters' network %s has no address left for %s (xenfarm.conf: "
				"master-address)",
				s->context->settings.master_address, name);
		else if (!a.used[i])
			break;
	}
	return r;
}

static int refuse_disk(const char *name, const struct domain_xml_read *domain, void *data)
{
	const char *path = data;

	return domain->disk && strcmp(domain->disk, path) == 0
		       ? -cli_error(EBUSY, "%s is the disk of the domain %s", path, name)
		       : 0;
}

int master_define_check_disk(const struct master_session *s, const char *path)
{
	AUTO_FREE char *copy = strdup(path);

	return copy ? each_domain(s, refuse_disk, copy) : cli_error(-ENOMEM, "%s", path);
}
