/* layout_parse() on any bytes: no crash, and what it accepts keeps its promises. */
#include "lib/layout.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(const char *path)
{
	size_t length = strnlen(path, LAYOUT_PATH_MAX);

	if (length == 0 || length >= LAYOUT_PATH_MAX || path[0] == '/' || path[length - 1] == '/' ||
		strstr(path, "//") || strncmp(path, "../", 3) == 0 || strstr(path, "/../") ||
		strcmp(path, "..") == 0 || strpbrk(path, " \t\n"))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct layout layout;
	unsigned int line = 0;
	const char *what = NULL;
	int error = layout_parse((const char *)data, size, &layout, &line, &what);

	if ((error != 0) != (what != NULL) || line == 0 || layout.n > LAYOUT_ENTRIES_MAX)
		abort();
	for (unsigned int i = 0; !error && i < layout.n; i++) {
		check_path(layout.entry[i].path);
		if (layout.entry[i].target[0] && layout.entry[i].kind != LAYOUT_LINK)
			abort();
	}
	return 0;
}
