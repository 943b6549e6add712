#include "initrd/record.h"

#include "initrd/file.h"
#include "lib/paths.h"

#include <errno.h>
#include <string.h>

int record_value(const char *key, char *value, size_t size)
{
	char text[FILE_FORMAT_MAX];
	const char *p = text;
	size_t n = strlen(key);

	file_read(PATH_RUN_RECORD, text, sizeof(text));
	while (strncmp(p, key, n) || p[n] != '=') {
		p = strchr(p, '\n');
		if (!p)
			return -ENOENT;
		p++;
	}
	p += n + 1;
	n = strcspn(p, "\n");
	if (n >= size)
		return -ENAMETOOLONG;
	memcpy(value, p, n);
	value[n] = '\0';
	return (int)n;
}
