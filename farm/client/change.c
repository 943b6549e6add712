#include "farm/client/change.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "farm/output.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

int client_change_check(const struct client *c)
{
	if (c->damaged)
		return -cli_error(EINVAL,
			"%s: its record is damaged (%s); mend it with `virsh metadata --config`, "
			"or destroy "
			"it",
			c->name, c->damaged);
	if (c->record.state == RECORD_CREATING)
		return -cli_error(EINVAL,
			"%s is not complete: its creation was cut off; complete it with `xenfarm "
			"client "
			"create %s`, or destroy it",
			c->name, c->name);
	return 0;
}

int client_change_begin(struct client_change *change, struct client_session *s, struct client *c)
{
	*change = (struct client_change){ 0 };
	/* What is defined again has passwords, too; a dry run's connection may not see them. */
	change->xml = virDomainGetXMLDesc(c->domain,
		VIR_DOMAIN_XML_INACTIVE | (s->operation.dry_run ? 0 : VIR_DOMAIN_XML_SECURE));
	if (!change->xml)
		return virt_error(NULL, "cannot read the domain %s", c->name);
	if (domain_xml_parse(change->xml, &change->domain) < 0)
		return -cli_error(EINVAL, "libvirt's XML of %s is not a domain", c->name);
	return 0;
}

/* --- what changes, for people --- */

/* A field's line; "" if it has no value. */
static void show_field(const char *field, const char *old, const char *new)
{
	if (strcmp(old, new) == 0)
		return;
	if (*old)
		output_line("    - %s = %s", field, old);
	if (*new)
		output_line("    + %s = %s", field, new);
}

static const char *pin_text(const struct record *r, char text[static 16])
{
	text[0] = '\0';
	if (r->pin)
		snprintf(text, 16, "%u", r->pin);
	return text;
}

static const char *address_text(const struct record *r, char text[static XF_ADDR_TEXT_MAX])
{
	text[0] = '\0';
	return r->address.family ? xf_addr_format(&r->address, text) : text;
}

void client_change_show(const struct client *c, const char *name, const struct record *record)
{
	static const struct record none;
	const struct record *old = c->damaged ? &none : &c->record, *new = record ? record : &none;
	char old_pin[16], new_pin[16], from[XF_ADDR_TEXT_MAX], to[XF_ADDR_TEXT_MAX];

	show_field("name", c->name, name ? name : record ? c->name : "");
	show_field("address", address_text(old, from), address_text(new, to));
	show_field("share", old->share, new->share);
	show_field("channel", old->channel, new->channel);
	show_field("pin", pin_text(old, old_pin), pin_text(new, new_pin));
	show_field("admin", old->admin, new->admin);
	show_field("host key", old->host_key, new->host_key);
	show_field("created", old->created, new->created);
}

void client_change_end(struct client_change *change)
{
	free(change->xml);
	domain_xml_free(&change->domain);
	*change = (struct client_change){ 0 };
}

int client_change_define(
	struct client *c, const struct client_change *change, const struct domain_xml_change *what)
{
	AUTO_FREE char *xml = domain_xml_change(change->xml, what);
	virDomainPtr domain;

	if (!xml)
		return -cli_error(EINVAL,
			"the domain %s lacks something that clients have: a disk, a kernel, an "
			"initrd or "
			"its command line; see `virsh edit %s`",
			c->name, c->name);
	virt_watch(VIRT_CALL_LIMIT, "defining %s", c->name);
	domain = virDomainDefineXML(c->host->connection, xml);
	virt_watch_end();
	if (!domain)
		return virt_error(NULL, "cannot define %s", c->name);
	virDomainFree(domain);
	return what->record && what->title ? client_write(c, what->title, what->record) : 0;
}
