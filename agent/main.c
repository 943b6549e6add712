/* xf-agent: keeps a client's writeable part up to date. See docs/xf-agent.8. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/command.h"
#include "agent/config.h"
#include "agent/document.h"

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
	"      --again          reconcile: look again, also at a generation that you went back "
	"from\n"
	"      --tool PROGRAM   resolve --merge with PROGRAM MINE BASE THEIRS MERGED\n"
	"      --json           print one JSON document\n"
	"      --quiet          print errors only\n"
	"  -h, --help  -V, --version\n"
	"\n"
	"Exit status: 0 nothing left to do; 1 verify, diff: there are differences; 2 usage;\n"
	"10 conflicts pending; 11 some paths deferred; 20 refused; 21 share unreachable;\n"
	"30 failed, nothing was changed.\n";

/* In this order the bits of what a command knows. */
enum { ROOT = 256, STATE, PUB, SOURCE, JSON, QUIET, AGAIN, MINE, THEIRS, MERGE, TOOL };
#define BIT(option) (1u << ((option)-ROOT))

#define PRINTS  (BIT(JSON) | BIT(QUIET))
#define CLIENT  (PRINTS | BIT(ROOT) | BIT(STATE) | BIT(PUB) | BIT(SOURCE))
#define DECIDES (CLIENT | BIT(MINE) | BIT(THEIRS) | BIT(MERGE) | BIT(TOOL))

static const struct option long_options[] = {
	{ "root", required_argument, NULL, ROOT },
	{ "state", required_argument, NULL, STATE },
	{ "pub", required_argument, NULL, PUB },
	{ "source", required_argument, NULL, SOURCE },
	{ "json", no_argument, NULL, JSON },
	{ "quiet", no_argument, NULL, QUIET },
	{ "again", no_argument, NULL, AGAIN },
	{ "mine", no_argument, NULL, MINE },
	{ "theirs", no_argument, NULL, THEIRS },
	{ "merge", no_argument, NULL, MERGE },
	{ "tool", required_argument, NULL, TOOL },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

static const struct command {
	const char *name;
	command_fn *function;
	int at_least, at_most; /* arguments */
	unsigned int options;  /* bits */
} commands[] = {
	{ "status", command_status, 0, 0, CLIENT },
	{ "plan", command_plan, 0, 0, CLIENT },
	{ "reconcile", command_reconcile, 0, 0, CLIENT | BIT(AGAIN) },
	{ "boot", command_boot, 0, 0, CLIENT },
	{ "conflicts", command_conflicts, 0, 0, CLIENT },
	{ "diff", command_diff, 1, 1, CLIENT },
	{ "resolve", command_resolve, 1, 1, DECIDES },
	{ "verify", command_verify, 0, 0, CLIENT },
	{ "rollback", command_rollback, 0, 1, CLIENT },
	{ "restarts", command_restarts, 0, 0, PRINTS },
};

/* What was asked for: a command with its arguments and options. */
struct request {
	const struct command *command;
	char **arguments;
	struct options options;
	unsigned int given; /* bits of options */
};

static int usage_error(const char *what, const char *which)
{
	complain(0, "%s%s; see xf-agent --help", what, which);
	return EXIT_USAGE;
}

static int take_decision(struct options *o, int c)
{
	if (o->resolve)
		return usage_error("one of --mine, --theirs, --merge", "");
	o->resolve = c == MINE ? RESOLVE_MINE : c == THEIRS ? RESOLVE_THEIRS : RESOLVE_MERGE;
	return 0;
}

static int take_option(struct request *q, int c, const char *word)
{
	struct options *o = &q->options;

	q->given |= c >= ROOT ? BIT(c) : 0;
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
		document_begin(NULL);
		break;
	case QUIET:
		o->quiet = true;
		break;
	case MINE:
	case THEIRS:
	case MERGE:
		return take_decision(o, c);
	default:
		return usage_error(
			c == ':' ? "no value for " : "unknown option, or not a clear one: ", word);
	}
	return 0;
}

static int find_command(struct request *q, const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			q->command = &commands[i];
	if (!q->command)
		return usage_error("unknown command: ", name);
	if (q->options.json)
		document_begin(name);
	return 0;
}

/* An option that means nothing for a command may be meant for another one. */
static int check_options(const struct request *q)
{
	for (const struct option *o = long_options; o->val >= ROOT; o++)
		if (q->given & BIT(o->val) & ~q->command->options) {
			complain(0, "%s has no option --%s; see xf-agent --help", q->command->name,
				o->name);
			return EXIT_USAGE;
		}
	if (q->options.tool && q->options.resolve != RESOLVE_MERGE)
		return usage_error("--tool is for resolve --merge", "");
	return 0;
}

/* Returns 0, an exit status after saying why, or -1: that was all that was asked for. */
static int parse(struct request *q, int argc, char **argv)
{
	int c, n, r = 0;

	while (r == 0 && (c = getopt_long(argc, argv, ":hV", long_options, NULL)) != -1) {
		if (c == 'h' || c == 'V') {
			fputs(c == 'h' ? usage_text : "xf-agent " XF_VERSION "\n", stdout);
			return -1;
		}
		r = take_option(q, c, argv[optind - 1]);
	}
	if (r == 0 && optind == argc)
		r = usage_error("no command", "");
	r = r ? r : find_command(q, argv[optind]);
	r = r ? r : check_options(q);
	n = argc - optind - 1;
	if (r == 0 && (n < q->command->at_least || n > q->command->at_most))
		r = usage_error("too few or too many arguments for ", q->command->name);
	q->arguments = argv + optind + 1;
	return r;
}

static int run_command(struct request *q)
{
	struct config config;
	int status;

	if (config_read(&config, q->options.root) < 0)
		return EXIT_REFUSED;
	if (!q->options.source)
		q->options.source = config.source;
	if (!q->options.pub)
		q->options.pub = config.pub;
	status = q->command->function(&q->options, q->arguments);
	config_free(&config);
	return status;
}

/* A mistake is told as JSON, too, wherever in the line --json comes. */
static void look_for_json(char **argv)
{
	for (; *argv; argv++)
		if (strcmp(*argv, "--json") == 0)
			document_begin(NULL);
}

int main(int argc, char **argv)
{
	struct request q = { .options.root = "/" };
	int status;

	look_for_json(argv + 1);
	status = parse(&q, argc, argv);
	if (status < 0)
		return EXIT_DONE;
	if (status == 0)
		status = run_command(&q);
	document_end(status);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		complain(0, "cannot write to standard output");
		return status ? status : EXIT_UNDONE;
	}
	return status;
}
