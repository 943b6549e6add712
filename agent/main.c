/* xf-agent: keeps a client's writeable part up to date. See docs/xf-agent.8. */
#include <stddef.h>
#include <string.h>

#include "agent/command.h"
#include "agent/document.h"
#include "lib/array.h"
#include "lib/paths.h"

/* The administrator's decision of a conflict: one of three flags, all of the same place. */
static const char *decide(void *to, enum plan_choice decision)
{
	int *resolve = to;

	if (*resolve)
		return "contradicts another option: give one of --mine, --theirs, --merge";
	*resolve = (int)decision;
	return NULL;
}

static const char *set_mine(void *to, const char *text)
{
	(void)text;
	return decide(to, PLAN_CHOICE_MINE);
}

static const char *set_theirs(void *to, const char *text)
{
	(void)text;
	return decide(to, PLAN_CHOICE_THEIRS);
}

static const char *set_merge(void *to, const char *text)
{
	(void)text;
	return decide(to, PLAN_CHOICE_MERGE);
}

#define OPTION(name, argument, set, member, help)                                    \
	{                                                                            \
		name, 0, argument, help, set, offsetof(struct agent_options, member) \
	}

static const struct cli_option options[] = {
	OPTION("root", "DIR", value_text, root, "the client's root (/)"),
	OPTION("state", "DIR", value_text, state, "the state directory (ROOT/" PATH_STATE ")"),
	OPTION("pub", "FILE", value_text, pub, "the share's public key (ROOT/" PATH_ETC_KEY ")"),
	OPTION("source", "SOURCE", value_text, source,
		"a directory, or nfs://SERVER[,SERVER]/PATH[?OPTIONS]"),
	OPTION("again", NULL, value_flag, again,
		"also a generation that was rolled back, and where nothing is new"),
	OPTION("mine", NULL, set_mine, resolve, "keep the local version"),
	OPTION("theirs", NULL, set_theirs, resolve, "take the master's version"),
	OPTION("merge", NULL, set_merge, resolve, "merge both"),
	OPTION("tool", "PROGRAM", value_text, tool, "--merge with PROGRAM MINE BASE THEIRS MERGED"),
	OPTION("monitor", NULL, value_flag, monitor, "print one line for monitoring, exit 0 to 3"),
	OPTION("batch", NULL, value_flag, batch, "print what needrestart -b would"),
	OPTION("generation", "N", value_number, generation,
		"look at generation N, which may be staged; it is not applied"),
	OPTION("json", NULL, value_flag, json, "print one JSON document"),
	OPTION("quiet", NULL, value_flag, quiet, "print errors only"),
};

#define CLIENT "root state pub source json quiet"

static const struct cli_command commands[] = {
	{ "status", agent_command_status, CLIENT " monitor", NULL, "", 0, 0,
		"what was applied, what is new, what is pending", NULL, false },
	{ "plan", agent_command_plan, CLIENT " generation", NULL, "", 0, 0,
		"what reconcile would do", "  xf-agent plan --generation 13\n", false },
	{ "reconcile", agent_command_reconcile, CLIENT " again", NULL, "", 0, 0,
		"bring the writeable part to the share's generation", NULL, false },
	{ "boot", agent_command_boot, CLIENT, NULL, "", 0, 0,
		"reconcile as xf-init does: bounded in time, fills a blank root", NULL, false },
	{ "conflicts", agent_command_conflicts, CLIENT, NULL, "", 0, 0,
		"pending conflicts, and since when", NULL, false },
	{ "diff", agent_command_diff, CLIENT, NULL, "PATH", 1, 1,
		"the base, local and new version of PATH", "  xf-agent diff /etc/ssh/sshd_config\n",
		false },
	{ "resolve", agent_command_resolve, CLIENT " mine theirs merge tool", NULL, "PATH", 1, 1,
		"decide a conflict: --mine, --theirs or --merge",
		"  xf-agent resolve /etc/ssh/sshd_config --merge\n", false },
	{ "verify", agent_command_verify, CLIENT, NULL, "", 0, 0,
		"read all files and list how they differ from what was applied", NULL, false },
	{ "rollback", agent_command_rollback, CLIENT, NULL, "[GENERATION]", 0, 1,
		"put back what the last generation (or all since GENERATION) replaced",
		"  xf-agent rollback\n", false },
	{ "restarts", agent_command_restarts, "state pub source generation batch json quiet", NULL,
		"", 0, 0, "services that still run replaced files", NULL, false },
};

static const struct cli_program program = {
	.name = "xf-agent",
	.version = XF_VERSION,
	.synopsis = "Keep the writeable part of a client up to date with its share.",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.commands = commands,
	.n_commands = ARRAY_SIZE(commands),
	.footer = "Exit status: 0 nothing left to do; 1 verify, diff: there are differences;\n"
		  "2 usage; 10 conflicts pending; 11 some paths deferred; 20 refused; 21 share\n"
		  "unreachable; 30 failed, nothing was changed. See xf-agent(8).\n",
	.message = document_message,
	.end = document_end,
};

/* Options that were not given are taken from the configuration file. */
static int begin(const struct cli_command *command, void *to)
{
	struct agent_options *o = to;

	(void)command;
	if (o->tool && o->resolve != PLAN_CHOICE_MERGE) {
		cli_error(0, "--tool is for resolve --merge");
		return AGENT_USAGE;
	}
	if (agent_config_read(&o->config, o->root) < 0)
		return AGENT_REFUSED;
	if (!o->source)
		o->source = o->config.source;
	if (!o->pub)
		o->pub = o->config.pub;
	return 0;
}

/* With --json anywhere in it, a wrong command line gets a document, too. */
static void look_for_json(char **argv)
{
	for (; *argv; argv++)
		if (strcmp(*argv, "--json") == 0)
			document_begin();
}

int main(int argc, char **argv)
{
	struct agent_options o = {
		.root = "/",
		.config.hook_limit = AGENT_CONFIG_HOOK_LIMIT,
	};
	int status;

	look_for_json(argv + 1);
	status = cli_run(&program, argc, argv, &o, begin, AGENT_FAILED);
	agent_config_free(&o.config);
	return status;
}
