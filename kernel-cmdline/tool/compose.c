/*
 * Compose a command line from options: put the text together, parse it as a client would, and print
 * it only if that finds no error.
 */
#include "kernel-cmdline/tool/tool.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { CLIENT, PREFIX, SERVER, GATEWAY, BROADCAST, INTERFACE, N_FIELDS };

static const struct part {
	const char *option, *value; /* what --help calls its value */
	const char *word;           /* the kernel's option; NULL for the fields of xfnet= */
} parts[] = {
	[CLIENT] = { "client", "ADDRESS[/BITS]", NULL },
	[PREFIX] = { "prefix", "BITS", NULL },
	[SERVER] = { "server", "ADDRESS[,...]", NULL },
	[GATEWAY] = { "gateway", "ADDRESS", NULL },
	[BROADCAST] = { "broadcast", "ADDRESS", NULL },
	[INTERFACE] = { "interface", "NAME|MAC", NULL },
	{ "mtu", "BYTES", "xfnet.mtu" },
	{ "vlan", "ID", "xfnet.vlan" },
	{ "share", "PATH[,OPTIONS]", "xfshare" },
	{ "gen", "N", "xfgen" },
	{ "name", "NAME", "xfname" },
	{ "agent", "on|off", "xfagent" },
	{ "timeout", "SECONDS", "xftimeout" },
	{ "fail", "ACTION", "xffail" },
	{ "debug", "STEP[,...]", "xfdebug" },
	{ "root", "ROOT", "root" },
	{ "rootfstype", "TYPE[,...]", "rootfstype" },
	{ "rootflags", "OPTIONS", "rootflags" },
	{ "init", "PATH", "init" },
};
#define N_PARTS (sizeof(parts) / sizeof(*parts))

static int show_help(void)
{
	puts("Usage: xfnet compose --client ADDRESS[/BITS] --server ADDRESS[,...] [option...]\n"
	     "Writes the canonical text of a client's command line. Of an option that is given\n"
	     "again the last counts; several --server are tried in turn.");
	for (size_t i = 0; i < N_PARTS; i++)
		printf("  --%s %s\n", parts[i].option, parts[i].value);
	puts("Exit status: 0 good, 1 no client could boot with it, 2 usage.");
	return XFNET_GOOD;
}

static bool refuse(const char *option, const char *what, const char *text, size_t length)
{
	fprintf(stderr, "xfnet: --%s: %s: '", option, what);
	show_text(stderr, text, length);
	fputs("'\n", stderr);
	return false;
}

/* An address, with or without brackets; into brackets if it is IPv6. */
static bool put_address(FILE *to, const char *option, const char *text, size_t n)
{
	bool bracketed = n > 2 && text[0] == '[' && text[n - 1] == ']';
	const char *inner = bracketed ? text + 1 : text;
	size_t inner_n = bracketed ? n - 2 : n;
	struct xf_addr addr;

	if (xf_addr_parse(inner, inner_n, &addr) < 0)
		return refuse(option, "not an address", text, n);
	fprintf(to, addr.family == 6 ? "[%.*s]" : "%.*s", (int)inner_n, inner);
	return true;
}

static bool put_servers(FILE *to, const char *list)
{
	for (bool first = true;; first = false) {
		size_t n = strcspn(list, ",");

		fputs(first ? ":" : ",", to);
		if (!put_address(to, "server", list, n))
			return false;
		if (!list[n])
			return true;
		list += n + 1;
	}
}

/* A field that could end itself and begin another would be read as something else than was asked.
 */
static bool put_plain(FILE *to, const char *option, const char *text)
{
	if (text[strcspn(text, ":/,\" \t\n\v\f\r")])
		return refuse(option, "a stray character", text, strlen(text));
	fputs(text, to);
	return true;
}

/* Here colons may stand in a MAC; in xfnet= they separate fields. */
static bool put_interface(FILE *to, const char *text)
{
	char mac[18] = "";

	if (strlen(text) != sizeof(mac) - 1)
		return put_plain(to, "interface", text);
	for (size_t i = 0; i < sizeof(mac) - 1; i++)
		mac[i] = text[i] == ':' ? '-' : text[i];
	return put_plain(to, "interface", mac);
}

static bool put_net(FILE *to, char *const value[])
{
	if (!put_address(to, "client", value[CLIENT], strlen(value[CLIENT])))
		return false;
	if (value[PREFIX]) {
		fputc('/', to);
		if (!put_plain(to, "prefix", value[PREFIX]))
			return false;
	}
	if (!put_servers(to, value[SERVER]))
		return false;
	for (unsigned int i = GATEWAY; i <= BROADCAST; i++) {
		fputc(':', to);
		if (value[i] && !put_address(to, parts[i].option, value[i], strlen(value[i])))
			return false;
	}
	fputc(':', to);
	return !value[INTERFACE] || put_interface(to, value[INTERFACE]);
}

/* The kernel has quotes round a word, but no way to write a quote inside them. */
static bool put_words(FILE *to, char *const value[])
{
	for (size_t i = N_FIELDS; i < N_PARTS; i++) {
		const char *quote;

		if (!value[i])
			continue;
		if (strchr(value[i], '"'))
			return refuse(
				parts[i].option, "a double quote", value[i], strlen(value[i]));
		quote = value[i][strcspn(value[i], " \t\n\v\f\r")] ? "\"" : "";
		fprintf(to, " %s%s=%s%s", quote, parts[i].word, value[i], quote);
	}
	return true;
}

static int compose(char *const value[])
{
	char *text = NULL, net[XF_WORD_MAX];
	static struct xf_cmdline cmdline;
	int status = XFNET_BAD;
	size_t length, words = 0;
	FILE *to = open_memstream(&text, &length);
	bool good;

	if (!to)
		return complain(XFNET_BAD, "out of memory");
	fputs("xfnet=", to);
	good = put_net(to, value);
	fflush(to);
	words = length;
	good = good && put_words(to, value);
	if (fclose(to))
		status = complain(XFNET_BAD, "out of memory");
	else if (good && read_text(text, length, &cmdline) == 0) {
		xfnet_format(&cmdline.net, net, sizeof(net));
		printf("xfnet=%s%s\n", net, text + words);
		status = XFNET_GOOD;
	}
	free(text);
	return status;
}

/* ADDRESS/BITS, as people write it, is the same as two options. */
static void split_client(char *value[])
{
	char *slash = strchr(value[CLIENT], '/');

	if (slash && !value[PREFIX]) {
		*slash = '\0';
		value[PREFIX] = slash + 1;
	}
}

/* --server may be given several times: all of them, in order. */
static bool add_servers(char list[static TEXT_BYTES_MAX], bool first, const char *more)
{
	size_t used = strlen(list), room = TEXT_BYTES_MAX - used;

	return (size_t)snprintf(list + used, room, first ? "%s" : ",%s", more) < room;
}

int cmd_compose(int argc, char **argv)
{
	struct option options[N_PARTS + 2] = { { "help", no_argument, NULL, 'h' } };
	static char servers[TEXT_BYTES_MAX];
	char *value[N_PARTS] = { NULL };
	int c;

	for (size_t i = 0; i < N_PARTS; i++)
		options[i + 1] =
			(struct option){ parts[i].option, required_argument, NULL, (int)(256 + i) };
	while ((c = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		if (c == 'h')
			return show_help();
		if (c < 256)
			return usage("compose");
		if (c == 256 + SERVER && !add_servers(servers, !value[SERVER], optarg))
			return complain(XFNET_BAD, "compose: too many servers");
		value[c - 256] = c == 256 + SERVER ? servers : optarg;
	}
	if (optind < argc || !value[CLIENT] || !value[SERVER]) {
		complain(XFNET_USAGE, optind < argc ? "compose: takes options only"
						    : "compose: --client and --server are needed");
		return usage("compose");
	}
	split_client(value);
	return compose(value);
}
