#include "kernel-cmdline/tool/text.h"
#include "kernel-cmdline/tool/tool.h"
#include "lib/exit.h"

int xfnet_check(void *options, char **arguments)
{
	static struct xf_cmdline cmdline;
	static char text[TEXT_BYTES_MAX];
	int length = text_join(arguments, text);

	(void)options;
	if (length < 0)
		return EXIT_FAILURE;
	return text_read(text, (size_t)length, &cmdline) ? EXIT_FAILURE : EXIT_SUCCESS;
}
