/* xf-agent: keeps a client's writeable part up to date. See docs/xf-agent.8. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/command.h"
#include "agent/config.h"

static const char usage_text[] =
	"usage: xf-agent status | plan | conflicts | verify | restarts   [OPTIONS]\n"
	"       xf-agent reconcile [--again] [OPTIONS]\n"
	"       xf-agent boot [OPTIONS]\n"
	"       xf-agent diff PATH [OPTIONS]\n"
	"       xf-agent resolve PATH --mine|--theirs|--merge [--tool PROGRAM] [OPTIONS]\n"
	"       xf-agent rollback [GENERATION] [OPTIONS]\n"
	"\n"
	"  status      what was applied, what is new, what waits\n"
	"  plan        what reconcile would do\n"
	"  reconcile   bring the writeable part to the share's generation\n"
	"  boot        the same, as xf-init calls it: bounded in time, fills a blank root\n"
	"  conflicts   what waits for you, since when\n"
	"  diff        the base, local and new version of PATH\n"
	"  resolve     decide a conflict: keep yours, take the master's, or merge\n"
	"  verify      read everything and list how it differs from what was applied\n"
	"  rollback    put back what the last generation (or all since GENERATION) replaced\n"
	"  restarts    services that still run replaced files\n"
	"\n"
	"      --root DIR       the client's root (/)\n"
	"      --state DIR      the state folder (ROOT/var/lib/xenfarm)\n"
	"      --pub FILE       the share's public key (ROOT/etc/xenfarm/share.pub)\n"
	"      --source SOURCE  the share: a folder, or nfs://SERVER[,SERVER]/PATH[?OPTIONS]\n"
	"      --again          look again, also at a generation that you went back from\n"
	"      --tool PROGRAM   resolve --merge with PROGRAM MINE BASE THEIRS MERGED\n"
	"      --json           print JSON\n"
	"      --quiet          print errors only\n"
	"  -h, --help  -V, --version\n"
	"\n"
	"Exit status: 0 nothing left to do; 1 verify, diff: there are differences; 2 usage;\n"
	"10 conflicts pending; 11 some paths deferred; 20 refused; 21 share unreachable;\n"
	"30 failed, nothing was changed.\n";

static const struct command {
	const char *name;
	command_fn *function;
	int at_least, at_most; /* arguments */
} commands[] = {
	{ "status", command_status, 0, 0 },
	{ "plan", command_plan, 0, 0 },
	{ "reconcile", command_reconcile, 0, 0 },
	{ "boot", command_boot, 0, 0 },
	{ "conflicts", command_conflicts, 0, 0 },
	{ "diff", command_diff, 1, 1 },
	{ "resolve", command_resolve, 1, 1 },
	{ "verify", command_verify, 0, 0 },
	{ "rollback", command_rollback, 0, 1 },
	{ "restarts", command_restarts, 0, 0 },
};

enum { ROOT = 256, STATE, PUB, SOURCE, AGAIN, TOOL, JSON, QUIET, MINE, THEIRS, MERGE };

static const struct option long_options[] = {
	{ "root", required_argument, NULL, ROOT },
	{ "state", required_argument, NULL, STATE },
	{ "pub", required_argument, NULL, PUB },
	{ "source", required_argument, NULL, SOURCE },
	{ "again", no_argument, NULL, AGAIN },
	{ "tool", required_argument, NULL, TOOL },
	{ "json", no_argument, NULL, JSON },
	{ "quiet", no_argument, NULL, QUIET },
	{ "mine", no_argument, NULL, MINE },
	{ "theirs", no_argument, NULL, THEIRS },
	{ "merge", no_argument, NULL, MERGE },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

static void usage_error(const char *what, const char *which)
{
	complain(0, "%s%s; see xf-agent --help", what, which);
	exit(EXIT_USAGE);
}

static void take_option(int c, struct options *o)
{
	switch (c) {
	case ROOT:
		o->root = optarg;
		break;
	case STATE:
		o->state = optarg;
		break;
	case PUB:
		o->pub = optarg;
		break;
	case SOURCE:
		o->source = optarg;
		break;
	case AGAIN:
		o->again = true;
		break;
	case TOOL:
		o->tool = optarg;
		break;
	case JSON:
		o->json = true;
		break;
	case QUIET:
		o->quiet = true;
		break;
	case MINE:
	case THEIRS:
	case MERGE:
		if (o->resolve)
			usage_error("one of --mine, --theirs, --merge", "");
		o->resolve = c == MINE     ? RESOLVE_MINE
			     : c == THEIRS ? RESOLVE_THEIRS
					   : RESOLVE_MERGE;
		break;
	default:
		usage_error("unknown option, or one without its value", "");
	}
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	usage_error("unknown command: ", name);
	return NULL;
}

int main(int argc, char **argv)
{
	struct options options = { .root = "/" };
	const struct command *command;
	struct config config;
	int c, n, status;

	while ((c = getopt_long(argc, argv, "hV", long_options, NULL)) != -1) {
		if (c == 'h' || c == 'V') {
			fputs(c == 'h' ? usage_text : "xf-agent " XF_VERSION "\n", stdout);
			return EXIT_DONE;
		}
		take_option(c, &options);
	}
	if (optind == argc)
		usage_error("no command", "");
	command = find_command(argv[optind]);
	n = argc - optind - 1;
	if (n < command->at_least || n > command->at_most)
		usage_error("too few or too many arguments for ", command->name);
	if (config_read(&config, options.root) < 0)
		return EXIT_REFUSED;
	if (!options.source)
		options.source = config.source;
	if (!options.pub)
		options.pub = config.pub;
	status = command->function(&options, argv + optind + 1);
	config_free(&config);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		complain(0, "cannot write to standard output");
		return status ? status : EXIT_UNDONE;
	}
	return status;
}
