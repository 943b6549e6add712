#include "farm/cmd-fleet.h"

#include "farm/xenfarm.h"
#include "lib/array.h"

#define OPTION(name, letter, argument, set, member, help) \
	FARM_OPTION(name, letter, argument, set, fleet_options.member, help)

static const struct cli_option options[] = {
	OPTION("fast", 0, NULL, value_flag, fast, "ask no guest: what they said last"),
	OPTION("watch", 0, NULL, value_flag, watch, "again and again, until it is interrupted"),
	OPTION("interval", 0, "SECONDS", value_number, interval, "of --watch (default: 5)"),
	OPTION("ssh", 0, NULL, value_flag, ssh, "ask by ssh, where agents cannot be reached"),
	OPTION("prometheus", 0, "FILE", value_text, prometheus,
		"write metrics for the textfile collector, instead of the table"),
	OPTION("html", 0, "FILE", value_text, html, "write a page, instead of the table"),
	OPTION("ansible", 0, NULL, value_flag, ansible, "as an inventory of Ansible"),
	OPTION("clush", 0, NULL, value_flag, clush, "as groups of ClusterShell"),
};

#define LISTED "config json format columns sort filter no-header"

static const struct cli_command commands[] = {
	{ "status", fleet_show_status,
		LISTED " timeout fast watch interval ssh prometheus html quiet", NULL, "[NAME...]",
		0, -1, "how clients are, asked all at once",
		"  xenfarm status\n"
		"  xenfarm status 'web*' --filter conflicts=[1-9]*\n"
		"  xenfarm status --prometheus /var/lib/prometheus/node-exporter/xenfarm.prom "
		"--quiet\n"
		"  xenfarm status --html /var/www/html/farm.html --watch --interval 60 --quiet\n",
		false },
	{ "conflicts show", fleet_show_conflict, "config timeout ssh quiet", NULL, "PATH [NAME...]",
		1, -1, "what the base, the local and the new version of a path are",
		"  xenfarm conflicts show etc/ssh/sshd_config\n", false },
	{ "conflicts", fleet_show_conflicts, LISTED " timeout ssh quiet", NULL, "[NAME...]", 0, -1,
		"the conflicts of all clients, equal ones once",
		"  xenfarm conflicts\n"
		"  xenfarm conflicts --filter 'path=etc/ssh/*' --columns path,names\n",
		false },
	{ "share preview", fleet_preview_generation, LISTED " share timeout quiet", NULL, "[N]", 0,
		1, "what a generation (default: the newest) would do to each client",
		"  xenfarm share publish --stage && xenfarm share preview\n", false },
	{ "reconcile", fleet_reconcile, LISTED " all wait timeout quiet", NULL, "[NAME...]", 0, -1,
		"let clients take what is published now, not with their timer",
		"  xenfarm reconcile --all\n"
		"  xenfarm reconcile 'web*' --wait --timeout 600\n",
		false },
	{ "message", fleet_send_message, LISTED " all timeout quiet", NULL, "[NAME...] TEXT", 1, -1,
		"tell the people on clients something",
		"  xenfarm message --all 'The server is rebooted at 22:00.'\n", false },
	{ "exec", fleet_exec, "config all", NULL, "NAME,... COMMAND...", 1, -1,
		"run a command on clients at once, by clush or pdsh",
		"  xenfarm exec 'web*,db1' uptime\n"
		"  xenfarm exec --all systemctl --failed\n",
		true },
	{ "inventory", fleet_print_inventory, "config ansible clush", NULL, "[NAME...]", 0, -1,
		"the clients for other tools",
		"  xenfarm inventory --ansible >farm.json && ansible -i farm.json all -m ping\n"
		"  xenfarm inventory --clush >/etc/clustershell/groups.d/xenfarm.yaml\n",
		false },
};

const struct cli_table cmd_fleet_table = { .options = options,
	.n_options = ARRAY_SIZE(options),
	.commands = commands,
	.n_commands = ARRAY_SIZE(commands) };
