/* xenfarm status */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "farm/fleet/status.h"
#include "farm/output.h"
#include "farm/table.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/exit.h"
#include "lib/rfc3339.h"

#define INTERVAL 5 /* seconds */

enum {
	NAME,
	STATE,
	GENERATION,
	AVAILABLE,
	CHANNEL,
	KERNEL,
	CONFLICTS,
	DEFERRED,
	RESTARTS,
	REBOOT,
	SEEN,
	LAST_SEEN,
	ANSWERED,
	RESULT,
	LAST_RUN,
	UP_SINCE,
	AGENT,
	SERVER,
	ADDRESS,
	ADMIN,
	UUID,
	COLUMNS
};

static const struct table_column columns[COLUMNS] = {
	[NAME] = { "name", "NAME", TABLE_TEXT, false },
	[STATE] = { "state", "STATE", TABLE_TEXT, false },
	[GENERATION] = { "generation", "GENERATION", TABLE_NUMBER, false },
	[AVAILABLE] = { "available", "AVAILABLE", TABLE_NUMBER, false },
	[CHANNEL] = { "channel", "CHANNEL", TABLE_TEXT, true },
	[KERNEL] = { "kernel", "KERNEL", TABLE_TEXT, false },
	[CONFLICTS] = { "conflicts", "CONFLICTS", TABLE_NUMBER, false },
	[DEFERRED] = { "deferred", "DEFERRED", TABLE_NUMBER, false },
	[RESTARTS] = { "restarts", "RESTARTS", TABLE_NUMBER, false },
	[REBOOT] = { "reboot", "REBOOT", TABLE_BOOL, false },
	[SEEN] = { "seen", "LAST SEEN", TABLE_TEXT, false },
	[LAST_SEEN] = { "last_seen", "SEEN AT", TABLE_TEXT, true },
	[ANSWERED] = { "answered", "ANSWERED", TABLE_BOOL, true },
	[RESULT] = { "result", "RESULT", TABLE_NUMBER, true },
	[LAST_RUN] = { "last_run", "LAST RUN", TABLE_TEXT, true },
	[UP_SINCE] = { "up_since", "UP SINCE", TABLE_TEXT, true },
	[AGENT] = { "agent", "AGENT", TABLE_TEXT, true },
	[SERVER] = { "server", "SERVER", TABLE_TEXT, true },
	[ADDRESS] = { "address", "ADDRESS", TABLE_TEXT, true },
	[ADMIN] = { "admin", "ADMIN", TABLE_TEXT, true },
	[UUID] = { "uuid", "UUID", TABLE_TEXT, true },
};

struct row {
	const char *cell[COLUMNS];
	char number[COLUMNS][24], time[COLUMNS][RFC3339_SIZE], address[XF_ADDR_TEXT_MAX];
	struct status_age age;
};

static void set_number(struct row *row, int column, int64_t value)
{
	snprintf(row->number[column], sizeof(row->number[column]), "%jd", (intmax_t)value);
	row->cell[column] = row->number[column];
}

static void set_time(struct row *row, int column, int64_t value)
{
	row->cell[column] = value ? rfc3339_text(row->time[column], value) : NULL;
}

static void fill_status(struct row *row, const struct status_client *c, int64_t now)
{
	const fleet_status *s = &c->status;

	set_number(row, GENERATION, s->generation);
	if (s->available)
		set_number(row, AVAILABLE, s->available);
	row->cell[CHANNEL] = *s->channel ? s->channel : NULL;
	row->cell[KERNEL] = s->kernel;
	set_number(row, CONFLICTS, s->conflicts);
	set_number(row, DEFERRED, s->deferred);
	set_number(row, RESTARTS, s->restarts);
	row->cell[REBOOT] = s->reboot ? "yes" : "no";
	if (s->result >= 0)
		set_number(row, RESULT, s->result);
	set_time(row, LAST_RUN, s->run);
	set_time(row, UP_SINCE, s->up_since);
	set_time(row, LAST_SEEN, c->seen);
	row->cell[AGENT] = s->agent;
	row->age = status_age(c->seen, now);
	row->cell[SEEN] = row->age.text;
}

static void fill_row(struct row *row, const struct status_client *c, int64_t now)
{
	row->cell[NAME] = c->client->name;
	row->cell[STATE] = c->why;
	row->cell[UUID] = c->client->uuid;
	row->cell[ANSWERED] = c->state == ROUND_ANSWERED ? "yes" : "no";
	row->cell[SEEN] = "never";
	row->cell[SERVER] = c->server;
	if (!c->client->damaged) {
		row->cell[ADDRESS] = xf_addr_format(&c->client->record.address, row->address);
		row->cell[ADMIN] = *c->client->record.admin ? c->client->record.admin : NULL;
	}
	if (c->known)
		fill_status(row, c, now);
}

static int print_table(const struct status_list *list, const struct server_list *servers,
	const struct table_style *style)
{
	AUTO_TABLE struct table *table = table_new("clients", columns, COLUMNS);
	int r = table ? 0 : -ENOMEM;

	if (r == 0)
		table_set_json(table, "servers", servers_json(servers));

	for (size_t i = 0; i < list->n && r == 0; i++) {
		struct row row = { 0 };

		fill_row(&row, &list->client[i], list->now);
		r = table_add(table, row.cell);
	}
	return r == 0 ? table_print(table, style) : r;
}

static void add_count(struct buf *line, size_t n, const char *what)
{
	if (n)
		buf_printf(line, ", %zu %s", n, what);
}

static void print_totals(const struct status_totals *t, bool fast)
{
	AUTO_BUF struct buf line = { 0 };

	buf_printf(&line, "%zu clients", t->clients);
	if (fast)
		buf_puts(&line, ", none was asked");
	add_count(&line, t->answered, "answered");
	add_count(&line, t->silent, "without an answer");
	add_count(&line, t->wrong, "with a wrong answer");
	add_count(&line, fast ? 0 : t->off, "off");
	add_count(&line, t->behind, "behind");
	if (t->conflicts)
		buf_printf(&line, ", %zu conflicts on %zu", t->n_conflicts, t->conflicts);
	add_count(&line, t->deferred, "with deferred paths");
	add_count(&line, t->restarts, "with services to restart");
	add_count(&line, t->reboot, "to reboot");
	if (!line.failed)
		output_line("%.*s", (int)line.size, line.data);
}

static void print_servers(const struct server_list *servers)
{
	for (size_t i = 0; i < servers->n; i++) {
		AUTO_FREE char *line = servers_line(&servers->server[i]);

		if (line)
			output_line("server %s: %s", servers->server[i].settings->name, line);
	}
}

/* Where it goes: files, or the terminal. */
static int show(struct client_session *s, const struct status_list *list,
	const struct server_list *servers, const struct status_totals *totals)
{
	const struct cmd_fleet_options *o = &s->context->fleet_options;
	const struct table_style *style = &s->context->style;
	int r = 0;

	if (o->prometheus)
		r = status_write_metrics(list, servers, o->prometheus);
	if (r == 0 && o->html)
		r = status_write_page(list, servers, s, o->html);
	if (r == 0 && !o->prometheus && !o->html && !s->context->options.quiet)
		r = print_table(list, servers, style);
	if (r == 0 && table_is_for_person(style)) {
		print_servers(servers);
		print_totals(totals, o->fast);
	}
	return r;
}

/* The servers are asked while the clients are, and then who runs from which. */
static int load(struct client_session *s, const struct client_selection *selection,
	struct status_list *list, struct server_list *servers)
{
	const struct cmd_fleet_options *o = &s->context->fleet_options;
	int r = o->fast ? 0 : servers_begin(servers, s->context, round_seconds(s->context));

	if (r == 0)
		r = status_load(s, selection,
			o->fast  ? STATUS_FAST
			: o->ssh ? STATUS_SSH
				 : STATUS_ASK,
			list);
	servers_wait(servers);
	if (r == 0 && servers->n && !o->ssh)
		r = status_load_servers(s, list);
	for (size_t i = 0; i < list->n; i++)
		if (list->client[i].server)
			servers_add_client(
				servers, list->client[i].server, list->client[i].client->name);
	return r;
}

/* One round, by a connection of its own: with --watch clients come and go. */
static int run(struct farm_context *context, char **arguments)
{
	const struct cmd_fleet_options *o = &context->fleet_options;
	AUTO_CLIENT_SELECTION struct client_selection selection = { 0 };
	AUTO_STATUS struct status_list list = { 0 };
	AUTO_SERVERS struct server_list servers = { 0 };
	struct client_session s = { .lock = -1 };
	struct status_totals totals = { 0 };
	bool read_only = o->fast || geteuid() != 0;
	int r = client_session_begin(&s, context, read_only, arguments);

	if (r == 0)
		r = client_select(&s, arguments, !*arguments, &selection);
	if (r == 0)
		r = load(&s, &selection, &list, &servers);
	if (r == 0 && !read_only)
		status_write_titles(&list);
	if (r == 0) {
		totals = status_count(&list);
		r = show(&s, &list, &servers, &totals);
	}
	r = client_session_end(&s, r);
	return r ? r : servers_silent(&servers) ? EXIT_UNREACHABLE : status_exit(&totals);
}

int fleet_show_status(void *options, char **arguments)
{
	struct farm_context *context = options;
	const struct cmd_fleet_options *o = &context->fleet_options;
	AUTO_TABLE struct table *table = table_new("clients", columns, COLUMNS);
	bool terminal = isatty(STDOUT_FILENO);
	int status;

	if (!table || table_check_style(table, &context->style) < 0)
		return EXIT_FAILURE;
	if (o->fast && o->ssh)
		return cli_error(EXIT_USAGE, "either --fast or --ssh");
	do {
		if (o->watch && terminal && !context->options.json)
			fputs("\033[H\033[2J", stdout);
		status = run(context, arguments);
		fflush(stdout);
	} while (o->watch && sleep(o->interval ? o->interval : INTERVAL) == 0);
	return status;
}
