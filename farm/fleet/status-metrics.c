/*
 * xenfarm status --prometheus: the text exposition format
 * (https://prometheus.io/docs/instrumenting/exposition_formats/), for the textfile collector of
 * node_exporter. What clients say reaches it as numbers only.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "farm/fleet/status.h"
#include "lib/array.h"
#include "lib/buf.h"
#include "lib/cli.h"
#include "lib/publish.h"

/* A number of each client; false: this client has none. */
struct metric {
	const char *name, *help;
	bool (*value)(const struct status_client *client, int64_t *value);
};

static bool answered(const struct status_client *c, int64_t *value)
{
	*value = c->state == ROUND_ANSWERED;
	return c->state != ROUND_OFF;
}

static bool seen(const struct status_client *c, int64_t *value)
{
	*value = c->seen;
	return c->seen > 0;
}

#define OF_STATUS(function, expression)                                     \
	static bool function(const struct status_client *c, int64_t *value) \
	{                                                                   \
		const fleet_status *s = &c->status;                         \
                                                                            \
		*value = c->is_new ? (int64_t)(expression) : 0;             \
		return c->is_new;                                           \
	}

OF_STATUS(generation, s->generation)
OF_STATUS(available, s->available)
OF_STATUS(conflicts, s->conflicts)
OF_STATUS(deferred, s->deferred)
OF_STATUS(restarts, s->restarts)
OF_STATUS(reboot, s->reboot)
OF_STATUS(result, s->result)
OF_STATUS(last_run, s->run)

static const struct metric metrics[] = {
	{ "xenfarm_client_answered", "Did the agent of the running client answer?", answered },
	{ "xenfarm_client_last_seen_seconds", "When it answered last, since 1970.", seen },
	{ "xenfarm_client_generation", "The generation that was applied; 0: none.", generation },
	{ "xenfarm_client_generation_available", "The generation that the share has for it.",
		available },
	{ "xenfarm_client_conflicts", "Conflicts that are pending.", conflicts },
	{ "xenfarm_client_deferred", "Paths that are deferred.", deferred },
	{ "xenfarm_client_restarts", "Services that run replaced files.", restarts },
	{ "xenfarm_client_reboot_required", "Would a reboot boot another kernel?", reboot },
	{ "xenfarm_client_run_result", "Exit status of xf-agent's last run; -1: none.", result },
	{ "xenfarm_client_run_seconds", "When that run ended, since 1970; 0: never.", last_run },
};

/* Label values have '\', '"' and newlines escaped. */
static void add_label(struct buf *out, const char *value)
{
	for (; *value; value++)
		if (*value == '\n')
			buf_puts(out, "\\n");
		else
			buf_printf(
				out, "%s%c", *value == '\\' || *value == '"' ? "\\" : "", *value);
}

static void add_metric(struct buf *out, const struct metric *m, const struct status_list *list)
{
	int64_t value;

	buf_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", m->name, m->help, m->name);
	for (size_t i = 0; i < list->n; i++)
		if (m->value(&list->client[i], &value)) {
			buf_printf(out, "%s{client=\"", m->name);
			add_label(out, list->client[i].client->name);
			buf_printf(out, "\"} %" PRId64 "\n", value);
		}
}

static void add_totals(struct buf *out, const struct status_list *list)
{
	struct status_totals t = status_count(list);

	buf_puts(out, "# HELP xenfarm_clients Clients, by what was seen of them.\n"
		      "# TYPE xenfarm_clients gauge\n");
	buf_printf(out,
		"xenfarm_clients{state=\"answered\"} %zu\nxenfarm_clients{state=\"silent\"} %zu\n"
		"xenfarm_clients{state=\"wrong\"} %zu\nxenfarm_clients{state=\"off\"} %zu\n",
		t.answered, t.silent, t.wrong, t.off);
	buf_printf(out,
		"# HELP xenfarm_status_seconds When the clients were asked, since 1970.\n"
		"# TYPE xenfarm_status_seconds gauge\nxenfarm_status_seconds %" PRId64 "\n",
		list->now);
}

static void add_server(struct buf *out, const char *name, const struct server *s, int64_t value)
{
	buf_printf(out, "%s{server=\"%s\",share=\"%s\"} %" PRId64 "\n", name, s->settings->name,
		s->share.uuid, value);
}

static void add_servers(struct buf *out, const struct server_list *servers)
{
	if (servers->n == 0)
		return;
	buf_puts(out, "# HELP xenfarm_server_answered Did the other server answer?\n"
		      "# TYPE xenfarm_server_answered gauge\n");
	for (size_t i = 0; i < servers->n; i++)
		add_server(out, "xenfarm_server_answered", &servers->server[i],
			servers->server[i].condition != SERVER_SILENT);
	buf_puts(out, "# HELP xenfarm_server_lags Is a channel there behind the one here?\n"
		      "# TYPE xenfarm_server_lags gauge\n");
	for (size_t i = 0; i < servers->n; i++)
		if (servers->server[i].condition != SERVER_SILENT)
			add_server(out, "xenfarm_server_lags", &servers->server[i],
				servers->server[i].condition == SERVER_LAGS);
	buf_puts(out, "# HELP xenfarm_server_generation What live has there.\n"
		      "# TYPE xenfarm_server_generation gauge\n");
	for (size_t i = 0; i < servers->n; i++)
		if (servers->server[i].condition != SERVER_SILENT)
			add_server(out, "xenfarm_server_generation", &servers->server[i],
				servers->server[i].live);
}

int status_write_metrics(
	const struct status_list *list, const struct server_list *servers, const char *path)
{
	AUTO_BUF struct buf out = { 0 };
	int r;

	add_totals(&out, list);
	for (size_t i = 0; i < ARRAY_SIZE(metrics); i++)
		add_metric(&out, &metrics[i], list);
	add_servers(&out, servers);
	r = out.failed ? -ENOMEM : publish_replace(path, 0644, out.data, out.size);
	return r < 0 ? cli_error(r, "%s", path) : 0;
}
