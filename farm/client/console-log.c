#include "farm/client/console-log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"
#include "lib/io.h"

#define LOG_MAX   (64 << 20) /* bytes: virtlogd.conf may allow many more than its 2 MiB */
#define OLD_FILES 20 /* UUID.log.0 …: virtlogd keeps 3, unless it is told to keep others */

char *console_log_path(const struct farm_settings *settings, const char *uuid)
{
	const char *slash = strrchr(settings->log, '/');
	char *path;

	return asprintf(&path, "%.*s/console/%s.log", slash ? (int)(slash - settings->log) : 0,
		       settings->log, uuid) < 0
		       ? NULL
		       : path;
}

int console_log_prepare(const char *path)
{
	AUTO_FREE char *directory = strndup(path, (size_t)(strrchr(path, '/') - path));
	int r = directory ? fsroot_make_parents(directory) : -ENOMEM;

	if (r == 0 && mkdir(directory, 0700) < 0 && errno != EEXIST)
		r = -errno;
	return r < 0 ? cli_error(r, "%s, for what clients print on their consoles", path) : 0;
}

int console_log_remove(const char *path)
{
	AUTO_FREE char *old = malloc(strlen(path) + 16);

	if (!old)
		return cli_error(-ENOMEM, "%s", path);
	for (unsigned int i = 0; i < OLD_FILES; i++) {
		sprintf(old, "%s.%u", path, i);
		unlink(old);
	}
	return unlink(path) < 0 && errno != ENOENT ? cli_error(-errno, "%s", path) : 0;
}

/* --- what is printed --- */

/* The length of what begins with ESC [ or ESC and one more (ECMA-48, 5.4), of n bytes. */
static size_t sequence(const char *text, size_t n)
{
	size_t i = 2;

	if (n < 2 || text[1] != '[')
		return n < 2 ? n : 2;
	while (i < n && text[i] >= 0x20 && text[i] < 0x40)
		i++;
	return i < n ? i + 1 : n;
}

void console_log_clean(const char *text, size_t n, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == 0x1b)
			i += sequence(text + i, n - i) - 1;
		else if (c == '\n' || c == '\t' || (c >= ' ' && c < 0x7f))
			buf_add(out, text + i, 1);
		else if (c != '\r')
			buf_printf(out, "\\%03o", c);
	}
}

int console_log_print(const char *path, const char *name)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_BUF struct buf text = { 0 };
	AUTO_BUF struct buf clean = { 0 };
	int r = fd < 0 ? -errno : buf_read(&text, fd, LOG_MAX);

	if (r == -ENOENT)
		return -cli_error(ENOENT,
			"nothing that %s printed is kept: it was not started since it has a log "
			"(%s), or runs on another host",
			name, path);
	if (r < 0)
		return cli_error(r, "%s", path);
	console_log_clean(text.data, text.size, &clean);
	r = clean.failed ? -ENOMEM : io_write(STDOUT_FILENO, clean.data, clean.size);
	return r < 0 ? cli_error(r, "the console's log of %s", name) : 0;
}
