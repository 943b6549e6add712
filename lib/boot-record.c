#include "lib/boot-record.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "lib/cleanup.h"

#define RECORD_MAX 65536 /* bytes */

int boot_record_read(int dir, const char *path, struct buf *text)
{
	AUTO_CLOSE int fd = openat(dir, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int r = fd < 0 ? -errno : buf_read(text, fd, RECORD_MAX);

	buf_add(text, "", 1);
	return r == 0 && text->failed ? -ENOMEM : r;
}

bool boot_record_get(const char *text, const char *key, char *value, size_t size)
{
	size_t n = strlen(key);

	*value = '\0';
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t length = strcspn(line, "\n");

		if (strncmp(line, key, n) != 0 || line[n] != '=' || length - n > size)
			continue;
		memcpy(value, line + n + 1, length - n - 1);
		value[length - n - 1] = '\0';
		return true;
	}
	return false;
}
