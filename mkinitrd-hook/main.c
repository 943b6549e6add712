/* xf-mkinitrd(8): initrds that boot a client from its share. */
#include "mkinitrd-hook/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "build", cmd_build, "make a minimal initrd for one kernel" },
	{ "exchange", cmd_exchange, "put xf-init into another tool's initrd" },
	{ "list", cmd_list, "tell an initrd's files" },
	{ "extract", cmd_extract, "unpack an initrd into a folder" },
	{ "info", cmd_info, "tell an initrd's segments and kernels" },
	{ "verify", cmd_verify, "check that a client will boot with it" },
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

static void usage(FILE *out)
{
	fputs("usage: xf-mkinitrd COMMAND [OPTION…] [ARGUMENT…]\n\n", out);
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].help);
	fputs("\n`xf-mkinitrd COMMAND --help` says more; so does xf-mkinitrd(8).\n", out);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
		usage(stdout);
		return EXIT_SUCCESS;
	}
	if (!strcmp(name, "--version")) {
		puts("xf-mkinitrd " XF_VERSION);
		return EXIT_SUCCESS;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(name, commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	if (*name)
		fprintf(stderr, "xf-mkinitrd: %s: no such command\n", name);
	usage(stderr);
	return EXIT_USAGE;
}
