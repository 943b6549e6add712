/* xf-manifest: make, verify, compare and sign manifests. See docs/xf-manifest.1. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/manifest/tool/tool.h"

static const char usage_text[] =
	"usage: xf-manifest create DIR [-o FILE] [--key KEY] [--exclude-from FILE] [--cache FILE]\n"
	"                   [--generation N --share UUID [--previous N]] [--threads N] [-x]\n"
	"       xf-manifest verify MANIFEST DIR [--pub KEY] [--exclude-from FILE] [--cache FILE]\n"
	"                   [--time] [--threads N] [-x] [--json]\n"
	"       xf-manifest diff MANIFEST MANIFEST [--pub KEY] [--time] [--json]\n"
	"       xf-manifest show MANIFEST [--pub KEY] [--json]\n"
	"       xf-manifest check MANIFEST [--pub KEY] [--json]\n"
	"       xf-manifest sign MANIFEST --key KEY\n"
	"       xf-manifest keygen -o KEY\n"
	"\n"
	"  -o, --output FILE      write FILE (create: instead of standard output; keygen: and "
	"FILE.pub)\n"
	"      --key KEY          sign with this private key, into MANIFEST.sig\n"
	"      --pub KEY          refuse a manifest that this public key did not sign\n"
	"      --exclude-from F   leave out what the globs in F name\n"
	"      --cache FILE       remember digests in FILE, read only what changed\n"
	"      --generation N     with --share and --previous: what the head says of the share\n"
	"      --threads N        hash with N threads (as many as processors)\n"
	"  -x, --one-file-system  do not enter what is mounted inside DIR\n"
	"      --time             times of modification have to be the same, too\n"
	"      --json             print JSON\n"
	"  -h, --help  -V, --version\n"
	"\n"
	"Exit status: 0 done, same, good; 1 different, refused by check; 2 usage or trouble.\n";

enum {
	OUTPUT = 1 << 0,
	KEY = 1 << 1,
	PUB = 1 << 2,
	EXCLUDE = 1 << 3,
	CACHE = 1 << 4,
	HEAD = 1 << 5,
	THREADS = 1 << 6,
	ONE_FS = 1 << 7,
	TIME = 1 << 8,
	JSON = 1 << 9,
};

static const struct command {
	const char *name;
	command_fn *function;
	int arguments;
	unsigned int options; /* that it takes */
	unsigned int needs;
} commands[] = {
	{ "create", command_create, 1, OUTPUT | KEY | EXCLUDE | CACHE | HEAD | THREADS | ONE_FS,
		0 },
	{ "verify", command_verify, 2, PUB | EXCLUDE | CACHE | THREADS | ONE_FS | TIME | JSON, 0 },
	{ "diff", command_diff, 2, PUB | TIME | JSON, 0 },
	{ "show", command_show, 1, PUB | JSON, 0 },
	{ "check", command_check, 1, PUB | JSON, 0 },
	{ "sign", command_sign, 1, KEY, KEY },
	{ "keygen", command_keygen, 0, OUTPUT, OUTPUT },
};

enum {
	OPT_KEY = 256,
	OPT_PUB,
	OPT_EXCLUDE,
	OPT_CACHE,
	OPT_GENERATION,
	OPT_SHARE,
	OPT_PREVIOUS,
	OPT_THREADS,
	OPT_TIME,
	OPT_JSON
};

static const struct option long_options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "key", required_argument, NULL, OPT_KEY },
	{ "pub", required_argument, NULL, OPT_PUB },
	{ "exclude-from", required_argument, NULL, OPT_EXCLUDE },
	{ "cache", required_argument, NULL, OPT_CACHE },
	{ "generation", required_argument, NULL, OPT_GENERATION },
	{ "share", required_argument, NULL, OPT_SHARE },
	{ "previous", required_argument, NULL, OPT_PREVIOUS },
	{ "threads", required_argument, NULL, OPT_THREADS },
	{ "one-file-system", no_argument, NULL, 'x' },
	{ "time", no_argument, NULL, OPT_TIME },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ 0 },
};

static void usage_error(const char *what, const char *which)
{
	complain(0, "%s%s; see xf-manifest --help", what, which);
	exit(EXIT_TROUBLE);
}

static uint32_t positive(const char *text, const char *option)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value == 0 || value > UINT32_MAX)
		usage_error("not a number from 1: ", option);
	return (uint32_t)value;
}

/* One option into *o. Returns its bit. */
static unsigned int take_option(int c, struct options *o)
{
	switch (c) {
	case 'o':
		o->output = optarg;
		return OUTPUT;
	case OPT_KEY:
		o->key = optarg;
		return KEY;
	case OPT_PUB:
		o->pub = optarg;
		return PUB;
	case OPT_EXCLUDE:
		o->exclude_from = optarg;
		return EXCLUDE;
	case OPT_CACHE:
		o->cache = optarg;
		return CACHE;
	case OPT_GENERATION:
		o->generation = positive(optarg, "--generation");
		return HEAD;
	case OPT_SHARE:
		o->share = optarg;
		return HEAD;
	case OPT_PREVIOUS:
		o->previous = positive(optarg, "--previous");
		return HEAD;
	case OPT_THREADS:
		o->threads = positive(optarg, "--threads");
		return THREADS;
	case 'x':
		o->one_file_system = true;
		return ONE_FS;
	case OPT_TIME:
		o->time = true;
		return TIME;
	case OPT_JSON:
		o->json = true;
		return JSON;
	default:
		usage_error("unknown option, or one without its value", "");
		return 0;
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
	struct options options = { 0 };
	const struct command *command;
	unsigned int given = 0;
	int c, status;

	while ((c = getopt_long(argc, argv, "o:xhV", long_options, NULL)) != -1) {
		if (c == 'h' || c == 'V') {
			fputs(c == 'h' ? usage_text : "xf-manifest " XF_VERSION "\n", stdout);
			return EXIT_SAME;
		}
		given |= take_option(c, &options);
	}
	if (optind == argc)
		usage_error("no command", "");
	command = find_command(argv[optind]);
	if (given & ~command->options)
		usage_error("an option does not belong to ", command->name);
	if (command->needs & ~given)
		usage_error(command->needs & KEY ? "--key is needed by " : "-o is needed by ",
			command->name);
	if (argc - optind - 1 != command->arguments)
		usage_error("too few or too many arguments for ", command->name);
	status = command->function(&options, argv + optind + 1);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		complain(0, "cannot write to standard output");
		return EXIT_TROUBLE;
	}
	return status;
}
