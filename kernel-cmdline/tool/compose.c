/*
 * Compose a command line from options: put the text together, parse it as a client would, and print
 * it only if that finds no error.
 */
#include "kernel-cmdline/tool/compose.h"

#include "kernel-cmdline/tool/text.h"
#include "kernel-cmdline/tool/tool.h"
#include "lib/cli.h"
#include "lib/exit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The options that become words of the command line. */
static const struct {
	const char *option, *name;
} kernel[COMPOSE_PARTS] = {
	[COMPOSE_MTU] = { "mtu", "xfnet.mtu" },
	[COMPOSE_VLAN] = { "vlan", "xfnet.vlan" },
	[COMPOSE_SHARE] = { "share", "xfshare" },
	[COMPOSE_GEN] = { "gen", "xfgen" },
	[COMPOSE_NAME] = { "name", "xfname" },
	[COMPOSE_AGENT] = { "agent", "xfagent" },
	[COMPOSE_TIMEOUT] = { "timeout", "xftimeout" },
	[COMPOSE_FAIL] = { "fail", "xffail" },
	[COMPOSE_DEBUG] = { "debug", "xfdebug" },
	[COMPOSE_ROOT] = { "root", "root" },
	[COMPOSE_ROOTFSTYPE] = { "rootfstype", "rootfstype" },
	[COMPOSE_ROOTFLAGS] = { "rootflags", "rootflags" },
	[COMPOSE_INIT] = { "init", "init" },
};

static bool refuse(const char *option, const char *what, const char *text, size_t length)
{
	fprintf(stderr, "xfnet: --%s: %s: '", option, what);
	text_show(stderr, text, length);
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

/* A separator inside a field would begin another field.
 */
static bool put_plain(FILE *to, const char *option, const char *text)
{
	if (text[strcspn(text, ":/,\" \t\n\v\f\r")])
		return refuse(option, "a stray character", text, strlen(text));
	fputs(text, to);
	return true;
}

/* A MAC may have colons here; in xfnet= they separate fields. */
static bool put_interface(FILE *to, const char *text)
{
	char mac[18] = "";

	if (strlen(text) != sizeof(mac) - 1)
		return put_plain(to, "interface", text);
	for (size_t i = 0; i < sizeof(mac) - 1; i++)
		mac[i] = text[i] == ':' ? '-' : text[i];
	return put_plain(to, "interface", mac);
}

static bool put_net(FILE *to, const char *const part[COMPOSE_PARTS])
{
	if (!put_address(to, "client", part[COMPOSE_CLIENT], strlen(part[COMPOSE_CLIENT])))
		return false;
	if (part[COMPOSE_PREFIX]) {
		fputc('/', to);
		if (!put_plain(to, "prefix", part[COMPOSE_PREFIX]))
			return false;
	}
	if (!put_servers(to, part[COMPOSE_SERVER]))
		return false;
	fputc(':', to);
	if (part[COMPOSE_GATEWAY] &&
		!put_address(to, "gateway", part[COMPOSE_GATEWAY], strlen(part[COMPOSE_GATEWAY])))
		return false;
	fputc(':', to);
	if (part[COMPOSE_BROADCAST] && !put_address(to, "broadcast", part[COMPOSE_BROADCAST],
					       strlen(part[COMPOSE_BROADCAST])))
		return false;
	fputc(':', to);
	return !part[COMPOSE_INTERFACE] || put_interface(to, part[COMPOSE_INTERFACE]);
}

/* The kernel allows quotes around a word, but no quote inside them. */
static bool put_words(FILE *to, const char *const part[COMPOSE_PARTS])
{
	for (size_t i = COMPOSE_WORDS; i < COMPOSE_PARTS; i++) {
		const char *quote;

		if (!part[i])
			continue;
		if (strchr(part[i], '"'))
			return refuse(kernel[i].option, "a double quote", part[i], strlen(part[i]));
		quote = part[i][strcspn(part[i], " \t\n\v\f\r")] ? "\"" : "";
		fprintf(to, " %s%s=%s%s", quote, kernel[i].name, part[i], quote);
	}
	return true;
}

static int compose(const char *const part[COMPOSE_PARTS])
{
	char *text = NULL, net[XF_WORD_MAX];
	static struct xf_cmdline cmdline;
	int status = EXIT_FAILURE;
	size_t length, words = 0;
	FILE *to = open_memstream(&text, &length);
	bool good;

	if (!to)
		return cli_error(EXIT_FAILURE, "out of memory");
	fputs("xfnet=", to);
	good = put_net(to, part);
	fflush(to);
	words = length;
	good = good && put_words(to, part);
	if (fclose(to))
		status = cli_error(EXIT_FAILURE, "out of memory");
	else if (good && text_read(text, length, &cmdline) == 0) {
		xfnet_format(&cmdline.net, net, sizeof(net));
		printf("xfnet=%s%s\n", net, text + words);
		status = EXIT_SUCCESS;
	}
	free(text);
	return status;
}

/* ADDRESS/BITS is the same as two options. */
static void split_client(const char *part[COMPOSE_PARTS])
{
	static char client[XF_WORD_MAX];
	const char *slash = strchr(part[COMPOSE_CLIENT], '/');

	if (!slash || part[COMPOSE_PREFIX])
		return;
	snprintf(client, sizeof(client), "%.*s", (int)(slash - part[COMPOSE_CLIENT]),
		part[COMPOSE_CLIENT]);
	part[COMPOSE_PREFIX] = slash + 1;
	part[COMPOSE_CLIENT] = client;
}

const char *compose_add_servers(void *to, const char *text)
{
	static char list[TEXT_BYTES_MAX];
	size_t used = strlen(list), room = sizeof(list) - used;

	*(const char **)to = list;
	return (size_t)snprintf(list + used, room, used ? ",%s" : "%s", text) < room
		       ? NULL
		       : "is too much: too many servers";
}

int xfnet_compose(void *options, char **arguments)
{
	struct xfnet_options *o = options;

	(void)arguments;
	split_client(o->part);
	return compose(o->part);
}
