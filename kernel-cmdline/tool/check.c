#include "kernel-cmdline/tool/tool.h"

int command_check(void *options, char **arguments)
{
	static struct xf_cmdline cmdline;
	static char text[TEXT_BYTES_MAX];
	int length = join_words(arguments, text);

	(void)options;
	if (length < 0)
		return EXIT_FAILURE;
	return read_text(text, (size_t)length, &cmdline) ? EXIT_FAILURE : EXIT_SUCCESS;
}
