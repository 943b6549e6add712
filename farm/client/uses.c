#include "farm/client/uses.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "farm/client/client.h"
#include "farm/virt/domain-xml.h"
#include "kernel-cmdline/xfnet.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

static int add(
	struct client_uses *uses, const char *client, const char *channel, uint32_t pin, bool runs)
{
	struct client_use *use;

	if (!ARRAY_GROW(uses->use, uses->n))
		return cli_error(-ENOMEM, "the clients");
	use = &uses->use[uses->n++];
	*use = (struct client_use){ .pin = pin, .runs = runs };
	snprintf(use->client, sizeof(use->client), "%.127s", client);
	snprintf(use->channel, sizeof(use->channel), "%.63s", channel);
	return 0;
}

/* As xf-init has read it. One that cannot be read is of no client that has booted. */
static int add_running(struct client_uses *uses, const struct client *c)
{
	AUTO_FREE char *xml = virDomainGetXMLDesc(c->domain, 0);
	AUTO_DOMAIN_XML struct domain_xml_read domain = { 0 };
	struct xf_problems problems;
	struct xf_cmdline line;

	if (!xml)
		return virDomainIsActive(c->domain) > 0
			       ? virt_error(NULL, "cannot read the domain %s", c->name)
			       : 0;
	if (domain_xml_parse(xml, &domain) < 0 || !domain.cmdline ||
		xf_cmdline_parse(domain.cmdline, strlen(domain.cmdline), &line, &problems) < 0)
		return 0;
	return add(uses, c->name, line.generation ? "" : line.channel, line.generation, true);
}

static int add_client(struct client_uses *uses, const struct client *c)
{
	int r = add(uses, c->name, c->record.channel, c->record.pin, false);

	return r == 0 && c->power != CLIENT_OFF ? add_running(uses, c) : r;
}

bool client_uses_exist(const struct farm_context *c, const char *share)
{
	AUTO_FREE char *path = NULL;

	if (asprintf(&path, "%s/%s", c->settings.boot, share) < 0)
		path = NULL;
	return !path || access(path, F_OK) == 0;
}

int client_uses_read(struct farm_context *context, const char *share, struct client_uses *uses)
{
	struct client_session s = { .lock = -1 };
	int r = 0;

	*uses = (struct client_uses){ 0 };
	if (!client_uses_exist(context, share))
		return 0;
	r = client_session_begin(&s, context, true, NULL);
	if (r == 0)
		r = client_session_need_all(&s);
	for (size_t i = 0; i < s.list.n && r == 0; i++) {
		const struct client *c = &s.list.client[i];

		if (!c->damaged && strcmp(c->record.share, share) == 0)
			r = add_client(uses, c);
	}
	client_session_end(&s, r);
	return r;
}

void client_uses_free(struct client_uses *uses)
{
	free(uses->use);
	*uses = (struct client_uses){ 0 };
}
