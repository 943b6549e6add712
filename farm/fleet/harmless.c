#include "farm/fleet/harmless.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/fleet/fleet.h"
#include "lib/io.h"
#include "lib/spawn.h"

/* Until the program, and all that it has started, have closed it. */
static int copy(int from)
{
	char bytes[8192];
	size_t kept = 0;
	ssize_t n = 1;

	while (n > 0 || (n < 0 && errno == EINTR)) {
		AUTO_BUF struct buf out = { 0 };
		size_t size, taken;

		n = read(from, bytes + kept, sizeof(bytes) - kept);
		size = kept + (n > 0 ? (size_t)n : 0);
		taken = fleet_add_harmless(&out, bytes, size, n == 0);
		kept = size - taken;
		memmove(bytes, bytes + taken, kept);
		if (out.failed)
			return -ENOMEM;
		if (out.size && io_write(STDOUT_FILENO, out.data, out.size) < 0)
			return -EIO;
	}
	return n < 0 ? -errno : 0;
}

int harmless_run(const char *const *argv, int *status)
{
	struct spawn spawn = { .argv = argv, .out = -1, .kept = -1, .interactive = true };
	int ends[2], r, copied;
	pid_t pid;

	if (!isatty(STDOUT_FILENO))
		return spawn_run(&spawn, status);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	fflush(stdout);
	spawn.out = ends[1];
	spawn.err_too = true;
	pid = spawn_start(&spawn);
	close(ends[1]);
	copied = pid < 0 ? 0 : copy(ends[0]);
	close(ends[0]);
	r = pid < 0 ? (int)pid : spawn_wait(pid, 0, status);
	return r < 0 ? r : copied;
}
