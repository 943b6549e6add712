/*
 * xfnet: check, explain and compose the kernel command line of a client.
 */
#include "kernel-cmdline/tool/tool.h"

#include <locale.h>
#include <stdarg.h>
#include <string.h>

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *synopsis, *help;
} commands[] = {
	{ "check", cmd_check, "TEXT...", "say what is wrong with a command line or xfnet= value" },
	{ "explain", cmd_explain, "[--json | --sh] [--cmdline FILE | TEXT...]",
		"show what a command line means; /proc/cmdline by default" },
	{ "compose", cmd_compose, "--client ADDRESS --server ADDRESS[,...] [option...]",
		"write a command line" },
};
#define N_COMMANDS (sizeof(commands) / sizeof(*commands))

int complain(int status, const char *format, ...)
{
	va_list args;

	fputs("xfnet: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return status;
}

int usage(const char *command)
{
	fprintf(stderr, "Try 'xfnet %s --help'.\n", command);
	return XFNET_USAGE;
}

static void help(FILE *to)
{
	fputs("Usage:\n", to);
	for (size_t i = 0; i < N_COMMANDS; i++)
		fprintf(to, "  xfnet %s %s\n      %s\n", commands[i].name, commands[i].synopsis,
			commands[i].help);
	fputs("  xfnet --help | --version\n\n"
	      "Exit status: 0 good, 1 the text is wrong, 2 usage. See xfnet(1).\n",
		to);
}

/* A full disk or a closed pipe must not look like success. */
static int finish(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	return complain(XFNET_BAD, "cannot write the output");
}

int main(int argc, char **argv)
{
	setlocale(LC_CTYPE, "");
	if (argc < 2) {
		help(stderr);
		return XFNET_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		help(stdout);
		return finish(XFNET_GOOD);
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("xfnet " XF_VERSION);
		return finish(XFNET_GOOD);
	}
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return finish(commands[i].run(argc - 1, argv + 1));
	fputs("xfnet: no such command: ", stderr);
	show_text(stderr, argv[1], strlen(argv[1]));
	fputs("\nTry 'xfnet --help'.\n", stderr);
	return XFNET_USAGE;
}
