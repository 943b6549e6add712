#include "kernel-cmdline/tool/tool.h"

#include <getopt.h>

static const struct option options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static const char help[] =
	"Usage: xfnet check TEXT...\n"
	"TEXT is a command line, or the value of xfnet= alone.\n"
	"Says what is wrong with it, with a mark under the place.\n"
	"Exit status: 0 good (warnings may be printed), 1 the text is wrong, 2 usage.\n";

int cmd_check(int argc, char **argv)
{
	static struct xf_cmdline cmdline;
	static char text[TEXT_BYTES_MAX];
	int c, n;

	while ((c = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
		if (c != 'h')
			return usage("check");
		fputs(help, stdout);
		return XFNET_GOOD;
	}
	if (optind == argc) {
		complain(XFNET_USAGE, "check: no text to check");
		return usage("check");
	}
	n = join_words(argc - optind, argv + optind, text);
	if (n < 0)
		return XFNET_BAD;
	return read_text(text, (size_t)n, &cmdline) ? XFNET_BAD : XFNET_GOOD;
}
