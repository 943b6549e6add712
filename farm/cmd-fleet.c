#include "farm/cmd-fleet.h"

#include "farm/xenfarm.h"
#include "lib/array.h"

#define OPTION(name, letter, argument, set, member, help) \
	FARM_OPTION(name, letter, argument, set, fleet_options.member, help)

static const struct cli_option options[] = {
	OPTION("fast", 0, NULL, value_flag, fast, "ask no guest: what they said last"),
	OPTION("watch", 0, NULL, value_flag, watch, "again and again, until it is interrupted"),
	OPTION("interval", 0, "SECONDS", value_number, interval, "of --watch (default: 5)"),
	OPTION("prometheus", 0, "FILE", value_text, prometheus,
		"write metrics for the textfile collector, instead of the table"),
	OPTION("html", 0, "FILE", value_text, html, "write a page, instead of the table"),
};

#define LISTED "config json format columns sort filter no-header"

static const struct cli_command commands[] = {
	{ "status", fleet_show_status, LISTED " timeout fast watch interval prometheus html quiet",
		NULL, "[NAME...]", 0, -1, "how clients are, asked all at once",
		"  xenfarm status\n"
		"  xenfarm status 'web*' --filter conflicts=[1-9]*\n"
		"  xenfarm status --prometheus /var/lib/prometheus/node-exporter/xenfarm.prom "
		"--quiet\n"
		"  xenfarm status --html /var/www/html/farm.html --watch --interval 60 --quiet\n",
		false },
	{ "conflicts", fleet_show_conflicts, LISTED " timeout quiet", NULL, "[NAME...]", 0, -1,
		"the conflicts of all clients, equal ones once",
		"  xenfarm conflicts\n"
		"  xenfarm conflicts --filter 'path=etc/ssh/*' --columns path,names\n",
		false },
	{ "share preview", fleet_preview_generation, LISTED " share timeout quiet", NULL, "[N]", 0,
		1, "what a generation (default: the newest) would do to each client",
		"  xenfarm share publish --stage && xenfarm share preview\n", false },
	{ "reconcile", fleet_reconcile, LISTED " all timeout quiet", NULL, "[NAME...]", 0, -1,
		"let clients take what is published now, not with their timer",
		"  xenfarm reconcile --all\n", false },
	{ "message", fleet_send_message, LISTED " all timeout quiet", NULL, "[NAME...] TEXT", 1, -1,
		"tell the people on clients something",
		"  xenfarm message --all 'The server is rebooted at 22:00.'\n", false },
};

const struct cli_table cmd_fleet_table = { .options = options,
	.n_options = ARRAY_SIZE(options),
	.commands = commands,
	.n_commands = ARRAY_SIZE(commands) };
