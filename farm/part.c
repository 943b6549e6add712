#include "farm/part.h"

#include <string.h>

static bool is_or_is_below(const char *path, const char *top)
{
	size_t n = strlen(top);

	return strncmp(path, top, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

bool part_is_readonly(const struct layout *layout, const char *path)
{
	bool readonly = false;

	for (unsigned int i = 0; i < layout->n; i++) {
		if (!is_or_is_below(path, layout->entry[i].path))
			continue;
		if (layout->entry[i].kind == LAYOUT_WRITEABLE)
			return false;
		readonly = true;
	}
	return readonly;
}

bool part_has_nothing_writeable(const struct layout *layout, const char *path)
{
	for (unsigned int i = 0; i < layout->n; i++)
		if (layout->entry[i].kind == LAYOUT_WRITEABLE &&
			is_or_is_below(layout->entry[i].path, path))
			return false;
	return part_is_readonly(layout, path);
}
