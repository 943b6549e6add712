/* xenfarm(8): the server's tool. */
#include <stdlib.h>

#include "farm/cmd-client.h"
#include "farm/cmd-log.h"
#include "farm/cmd-master.h"
#include "farm/output.h"
#include "farm/results.h"
#include "farm/xenfarm.h"
#include "lib/array.h"

#define OPTION(name, letter, argument, set, member, help) \
	FARM_OPTION(name, letter, argument, set, options.member, help)

#define STYLE(name, argument, set, member, help) \
	FARM_OPTION(name, 0, argument, set, style.member, help)

/* The options of more than one group of commands. */
static const struct cli_option options[] = {
	OPTION("share", 's', "NAME|DIR", value_text, share,
		"the share: its section in xenfarm.conf, or its directory"),
	OPTION("key", 'k', "FILE", value_text, key,
		"the private key that signs (xenfarm.conf: key)"),
	OPTION("config", 'c', "FILE", value_text, config,
		"settings, instead of " XF_SYSCONFDIR "/xenfarm/xenfarm.conf"),
	OPTION("dry-run", 'n', NULL, value_flag, dry_run,
		"show what would be done, and do nothing"),
	OPTION("yes", 'y', NULL, value_flag, yes, "do not ask"),
	OPTION("force", 0, NULL, value_flag, force,
		"switch off what does not shut down in time; console: take it from another"),
	OPTION("timeout", 't', "SECONDS", value_number, timeout, "how long to wait"),
	OPTION("memory", 0, "MIB", value_number, memory, "of a new machine"),
	OPTION("cpus", 0, "N", value_number, cpus, "of a new machine"),
	OPTION("disk", 0, "MIB", value_number, disk, "of a new machine"),
	OPTION("json", 'j', NULL, value_flag, json, "print results as JSON"),
	STYLE("format", "FORMAT", value_text, format, "of a list: table, raw or json"),
	STYLE("columns", "NAME,...", value_text, columns, "of a list, or all"),
	STYLE("sort", "[-]NAME", value_text, sort, "a list by a column; -: from the end"),
	STYLE("filter", "NAME=PATTERN,...", value_text, filter, "a list by columns"),
	STYLE("no-header", NULL, value_flag, no_header, "a list without its first line"),
	OPTION("quiet", 'q', NULL, value_flag, quiet, "print no results"),
};

static const struct cli_table common = { .options = options, .n_options = ARRAY_SIZE(options) };

/* Each group of commands has its own table; --help lists them in this order. */
static const struct cli_table *const tables[] = {
	&cmd_net_table,
	&cmd_client_table,
	&cmd_share_table,
	&cmd_master_table,
	&cmd_fleet_table,
	&cmd_log_table,
	&common,
	NULL,
};

static int begin(const struct cli_command *command, void *options_read)
{
	struct farm_context *c = options_read;

	c->style.json = c->options.json;
	if (c->options.json && cli_in_list(command->options, "dry-run"))
		results_want(true);
	if (c->options.quiet || c->options.json)
		output_be_quiet();
	return EXIT_SUCCESS;
}

/* A command that was refused before its operation began says why, too. */
static void end(const char *command, int status)
{
	(void)command;
	results_print(status);
}

static const struct cli_program program = {
	.name = "xenfarm",
	.version = XF_VERSION,
	.synopsis = "Manage a farm: masters, shares, clients and their network.",
	.more = tables,
	.message = output_message,
	.end = end,
	.footer = "Exit status: 0 done; 1 failed, or verify found a difference; 2 usage.\n"
		  "See xenfarm(8).\n",
};

int main(int argc, char **argv)
{
	struct farm_context context = { .share = { .dir = -1, .lock = -1 } };
	int status = cli_run(&program, argc, argv, &context, begin, EXIT_FAILURE);

	farm_context_free(&context);
	return status;
}
