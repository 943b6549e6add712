/* xenfarm conflicts */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "farm/fleet/inbox.h"
#include "farm/output.h"
#include "farm/table.h"
#include "lib/cleanup.h"
#include "lib/exit.h"
#include "lib/hex.h"
#include "lib/rfc3339.h"

enum { PATH, KIND, CLIENTS, SINCE, GENERATION, NAMES, PLACE, LOCAL, OFFERED, COLUMNS };

static const struct table_column columns[COLUMNS] = {
	[PATH] = { "path", "PATH", TABLE_TEXT, false },
	[KIND] = { "kind", "KIND", TABLE_TEXT, false },
	[CLIENTS] = { "clients", "CLIENTS", TABLE_NUMBER, false },
	[SINCE] = { "since", "SINCE", TABLE_TEXT, false },
	[GENERATION] = { "generation", "GENERATION", TABLE_NUMBER, false },
	[NAMES] = { "names", "NAMES", TABLE_TEXT, false },
	[PLACE] = { "place", "PLACE", TABLE_TEXT, true },
	[LOCAL] = { "local", "LOCAL", TABLE_TEXT, true },
	[OFFERED] = { "offered", "OFFERED", TABLE_TEXT, true },
};

static const char *digest(char text[static HEX_SIZE(FLEET_DIGEST_MAX)], const fleet_digest *d)
{
	return d->fleet_digest_len == FLEET_DIGEST_MAX
		       ? hex_text(
				 text, (const unsigned char *)d->fleet_digest_val, FLEET_DIGEST_MAX)
		       : NULL;
}

static int add(struct table *table, const struct inbox_group *g)
{
	char clients[24], since[RFC3339_SIZE], generation[16];
	char local[HEX_SIZE(FLEET_DIGEST_MAX)], offered[HEX_SIZE(FLEET_DIGEST_MAX)];
	AUTO_BUF struct buf names = { 0 };

	for (size_t i = 0; i < g->n; i++)
		buf_printf(&names, "%s%s", i ? " " : "", g->name[i]);
	buf_add(&names, "", 1);
	if (names.failed)
		return -ENOMEM;
	snprintf(clients, sizeof(clients), "%zu", g->n);
	snprintf(generation, sizeof(generation), "%u", g->generation);
	return table_add(table, (const char *[COLUMNS]){
					[PATH] = g->conflict->path,
					[KIND] = g->conflict->kind,
					[CLIENTS] = clients,
					[SINCE] = g->since ? rfc3339_text(since, g->since) : NULL,
					[GENERATION] = generation,
					[NAMES] = names.data,
					[PLACE] = *g->conflict->place ? g->conflict->place : NULL,
					[LOCAL] = digest(local, &g->conflict->local),
					[OFFERED] = digest(offered, &g->conflict->offered),
				});
}

static void print_totals(const struct inbox *inbox)
{
	AUTO_BUF struct buf line = { 0 };

	buf_printf(&line, "%zu conflicts on %zu clients", inbox->conflicts, inbox->clients);
	if (inbox->unlisted)
		buf_printf(&line, ", %zu of them not listed", inbox->unlisted);
	if (inbox->silent)
		buf_printf(&line, ", %zu without an answer", inbox->silent);
	if (inbox->wrong)
		buf_printf(&line, ", %zu with a wrong answer", inbox->wrong);
	if (!line.failed)
		output_line("%.*s", (int)line.size, line.data);
}

static int show(struct table *table, const struct inbox *inbox, const struct table_style *style)
{
	int r = 0;

	for (size_t i = 0; i < inbox->n && r == 0; i++)
		r = add(table, &inbox->group[i]);
	if (r == 0)
		r = table_print(table, style);
	if (r == 0 && table_is_for_person(style))
		print_totals(inbox);
	return r;
}

int fleet_show_conflicts(void *options, char **arguments)
{
	struct farm_context *context = options;
	AUTO_TABLE struct table *table = table_new("conflicts", columns, COLUMNS);
	AUTO_CLIENT_SELECTION struct client_selection selection = { 0 };
	struct client_session s = { .lock = -1 };
	AUTO_INBOX struct inbox inbox = { 0 };
	int r = table ? table_check_style(table, &context->style) : -ENOMEM, status;

	if (r == 0)
		r = client_session_begin(&s, context, true, arguments);
	if (r == 0)
		r = client_select(&s, arguments, !*arguments, &selection);
	if (r == 0)
		r = inbox_load(&s, &selection, &inbox);
	if (r == 0)
		r = show(table, &inbox, &context->style);
	status = client_session_end(&s, r);
	if (status)
		return status;
	return inbox.silent || inbox.wrong ? EXIT_UNREACHABLE
	       : inbox.conflicts           ? EXIT_CONFLICTS
					   : EXIT_SUCCESS;
}
