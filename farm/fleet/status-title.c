/* What virt-manager(1) and `virsh list --title` show of a client. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "farm/fleet/status.h"
#include "lib/cleanup.h"

static struct client_title title_of(const struct status_client *c)
{
	const fleet_status *s = &c->status;
	struct client_title title =
		client_title(c->client->label, s->generation, c->client->record.state);

	if (s->conflicts)
		snprintf(title.text, sizeof(title.text), "%s: generation %u, %u conflict%s",
			c->client->label, s->generation, s->conflicts,
			s->conflicts == 1 ? "" : "s");
	return title;
}

/* A title that cannot be written is no reason to say anything: it is written the next time. */
static void write_title(const struct status_client *c)
{
	struct client_title title = title_of(c);
	AUTO_FREE char *old = virDomainGetMetadata(
		c->client->domain, VIR_DOMAIN_METADATA_TITLE, NULL, VIR_DOMAIN_AFFECT_CONFIG);

	if (!old || strcmp(old, title.text) != 0)
		virDomainSetMetadata(c->client->domain, VIR_DOMAIN_METADATA_TITLE, title.text, NULL,
			NULL, VIR_DOMAIN_AFFECT_CONFIG | VIR_DOMAIN_AFFECT_LIVE);
}

void status_write_titles(const struct status_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->client[i].is_new && list->client[i].status.generation)
			write_title(&list->client[i]);
}
