/* rsync's output while it copies. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "farm/output.h"
#include "farm/publish/copy.h"
#include "lib/cli.h"

/* Read a number with the separators of any language; *text is behind it then. */
static uint64_t number(const char **text)
{
	uint64_t n = 0;

	for (; isdigit((unsigned char)**text) || **text == ',' || **text == '.'; ++*text)
		if (isdigit((unsigned char)**text))
			n = 10 * n + (uint64_t)(**text - '0');
	return n;
}

/* "     5,242,880  12%   23.43MB/s    0:00:03 (xfr#8, to-chk=17/26)" */
bool copy_progress(const char *line, uint64_t *files, uint64_t *bytes)
{
	const char *count = strstr(line, "xfr#");

	line += strspn(line, " ");
	if (!isdigit((unsigned char)*line))
		return false;
	*bytes = number(&line);
	line += strspn(line, " ");
	if (!isdigit((unsigned char)*line))
		return false;
	number(&line);
	*files = count ? strtoull(count + strlen("xfr#"), NULL, 10) : 0;
	return *line == '%';
}

static void take(const char *line, uint64_t *files, uint64_t *bytes)
{
	uint64_t n;

	if (!*line)
		return;
	if (!copy_progress(line, &n, bytes)) {
		/* "skipping non-regular file" and the like */
		cli_error(0, "rsync: %s", line);
		return;
	}
	/* Not every line has it. */
	if (n)
		*files = n;
	output_progress("copy", *files, *bytes);
}

/* Read what rsync writes to fd, until it ends, and draw it; other lines are printed. */
static void watch(int fd)
{
	char line[512], piece[4096];
	uint64_t files = 0, bytes = 0;
	size_t size = 0;
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) > 0 || (n < 0 && errno == EINTR))
		for (ssize_t i = 0; i < n; i++) {
			bool end = piece[i] == '\r' || piece[i] == '\n';

			if (!end && size + 1 < sizeof(line))
				line[size++] = piece[i];
			line[size] = '\0';
			if (end)
				take(line, &files, &bytes);
			if (end)
				size = 0;
		}
}

const char *const copy_watched_options[2] = { "--info=progress2", "--outbuf=N" };

int copy_run(const struct spawn *spawn, int *status)
{
	struct spawn watched = *spawn;
	int ends[2];
	pid_t pid;

	if (spawn->out >= 0 || !output_is_watched())
		return spawn_run(spawn, status);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	watched.out = ends[1];
	pid = spawn_start(&watched);
	close(ends[1]);
	if (pid > 0)
		watch(ends[0]);
	close(ends[0]);
	return pid < 0 ? (int)pid : spawn_wait(pid, 0, status);
}
