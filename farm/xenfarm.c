/* xenfarm(8): the server's tool. */
#include "farm/xenfarm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} groups[] = {
	{ "share", share_main, "what clients boot from: publish, compare, roll back" },
};

#define GROUPS (sizeof(groups) / sizeof(*groups))

static void usage(FILE *out)
{
	fputs("usage: xenfarm GROUP COMMAND [OPTION...] [ARGUMENT...]\n\n", out);
	for (size_t i = 0; i < GROUPS; i++)
		fprintf(out, "  %-10s %s\n", groups[i].name, groups[i].help);
	fputs("\n`xenfarm GROUP --help` says more; so does xenfarm(8).\n", out);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
		usage(stdout);
		return EXIT_SUCCESS;
	}
	if (!strcmp(name, "--version")) {
		puts("xenfarm " XF_VERSION);
		return EXIT_SUCCESS;
	}
	for (size_t i = 0; i < GROUPS; i++)
		if (!strcmp(name, groups[i].name))
			return groups[i].run(argc - 1, argv + 1);
	if (*name)
		fprintf(stderr, "xenfarm: %s: no such group of commands\n", name);
	usage(stderr);
	return EXIT_USAGE;
}
