#include "farm/cmd-client.h"

#include "farm/xenfarm.h"
#include "lib/array.h"

#define OPTION(name, letter, argument, set, member, help) \
	FARM_OPTION(name, letter, argument, set, client_options.member, help)

static const struct cli_option options[] = {
	OPTION("address", 'a', "ADDRESS", value_text, address,
		"IPv4, in the clients' network (default: the first that is free)"),
	OPTION("admin", 0, "TEXT", value_text, admin, "who to ask about the client"),
	OPTION("host", 0, "NAME", value_text, host,
		"the host in xenfarm.conf that runs them (default: local, that of uri)"),
	OPTION("wait", 'w', NULL, value_flag, wait,
		"until they answer on the port of ssh; reconcile: until they have"),
	OPTION("all", 0, NULL, value_flag, all, "all clients"),
	OPTION("batch", 'b', "N", value_number, batch, "N at a time"),
	OPTION("max-failures", 0, "N", value_number, max_failures,
		"begin no more once N have failed"),
	OPTION("retry-failed", 0, NULL, value_flag, retry_failed,
		"those that failed in this command's last run"),
	OPTION("log", 0, NULL, value_flag, log, "what it printed since it was started"),
	OPTION("for", 0, "STATE", value_text, until, "answering (default), running or off"),
	OPTION("channel", 0, "CHANNEL", value_text, channel,
		"that they follow (create: live); see `xenfarm share channel list`"),
	OPTION("servers", 0, "LIST", value_text, servers,
		"addresses that they mount from, in this order, or spread (create: spread)"),
	OPTION("generation", 'g', "N", value_number, generation,
		"to stay with (default: what it starts with now)"),
};

/* What commands take that work on several clients. */
#define SEVERAL "config all batch max-failures retry-failed dry-run json quiet"
#define LISTED  "config json format columns sort filter no-header"

#define LIST_HELP    "which clients there are"
#define DESTROY_HELP "remove clients with all data, off or running; asks before"

static const struct cli_command commands[] = {
	{ "client create", client_create,
		"share config address host channel servers memory cpus disk admin wait timeout "
		"dry-run "
		"json "
		"quiet "
		"yes",
		NULL, "NAME...", 1, -1,
		"make clients from blank disks, and start them; or complete that",
		"  xenfarm client create web1 web2 --memory 1024 --admin ann@example.org\n"
		"  xenfarm client create db1 --address 10.77.0.50 --wait\n",
		false },
	{ "client list", client_list, LISTED, NULL, "[NAME...]", 0, -1, LIST_HELP,
		"  xenfarm client list\n"
		"  xenfarm client list @web --filter state=running --columns name,address\n",
		false },
	{ "client ls", client_list, LISTED, NULL, "[NAME...]", 0, -1, "short for list", NULL,
		false },
	{ "client show", client_show, "config all json quiet", NULL, "[NAME...]", 0, -1,
		"all about clients", "  xenfarm client show web1\n", false },
	{ "client start", client_start, SEVERAL " wait timeout", NULL, "[NAME...]", 0, -1,
		"start clients, with the newest generation unless pinned",
		"  xenfarm client start 'web*' --batch 4 --wait\n"
		"  xenfarm client start --retry-failed\n",
		false },
	{ "client stop", client_stop, SEVERAL " force timeout", NULL, "[NAME...]", 0, -1,
		"shut clients down", "  xenfarm client stop --all --force --timeout 60\n", false },
	{ "client reboot", client_reboot, SEVERAL " force timeout", NULL, "[NAME...]", 0, -1,
		"shut clients down and start them with the newest generation",
		"  xenfarm client reboot 'web*' --batch 1 --max-failures 1\n", false },
	{ "client rename", client_rename, "config dry-run json quiet", NULL, "NAME NEW", 2, 2,
		"give a client that is off another name", "  xenfarm client rename web1 www\n",
		false },
	{ "client pin", client_pin, SEVERAL " share generation", NULL, "[NAME...]", 0, -1,
		"let clients stay with a generation, from their next start on",
		"  xenfarm client pin db1 --generation 12\n", false },
	{ "client unpin", client_unpin, SEVERAL " share", NULL, "[NAME...]", 0, -1,
		"let clients follow the share again, from their next start on",
		"  xenfarm client unpin db1\n", false },
	{ "client set", client_set, SEVERAL " share channel servers", NULL, "[NAME...]", 0, -1,
		"let clients follow another channel, or mount from other servers, from their next "
		"start on",
		"  xenfarm client set web1 web2 --channel canary\n"
		"  xenfarm client set --all --servers spread\n",
		false },
	{ "client destroy", client_destroy, "config max-failures dry-run json quiet yes", NULL,
		"NAME...", 1, -1, DESTROY_HELP, "  xenfarm client destroy web9\n", false },
	{ "client rm", client_destroy, "config max-failures dry-run json quiet yes", NULL,
		"NAME...", 1, -1, "short for destroy", NULL, false },
	{ "client wait", client_wait, "config all for timeout json quiet", NULL, "[NAME...]", 0, -1,
		"wait until clients answer, run or are off",
		"  xenfarm client wait web1 --for off --timeout 60\n", false },
	{ "client console", client_console, "config force log", NULL, "NAME", 1, 1,
		"the console of a client; ^] ends it", "  xenfarm client console web1 --log\n",
		false },
	{ "client ssh", client_ssh, "config", NULL, "[USER@]NAME [COMMAND...]", 1, -1,
		"a shell or command on a client, whose host key is known from its creation on",
		"  xenfarm client ssh root@web1 uptime\n"
		"  xenfarm client ssh @web uptime\n",
		true },
	{ "client host-key", client_host_key, "config dry-run json quiet", NULL, "NAME [KEY]", 1, 2,
		"the host key that ssh knows a client by; or let it be another",
		"  xenfarm client host-key web1\n"
		"  xenfarm client host-key web1 'ssh-ed25519 AAAA...'\n",
		false },
	{ "client events", client_events, "config json", NULL, "[NAME...]", 0, -1,
		"what happens to clients, a line each, until it is interrupted",
		"  xenfarm client events 'web*' --json\n", false },
};

const struct cli_table cmd_client_table = { .options = options,
	.n_options = ARRAY_SIZE(options),
	.commands = commands,
	.n_commands = ARRAY_SIZE(commands) };
