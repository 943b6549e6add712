#include "initrd/tools.h"

#include "initrd/bind.h"
#include "initrd/clock.h"
#include "initrd/error.h"
#include "initrd/file.h"
#include "initrd/log.h"
#include "initrd/root.h"
#include "lib/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOOLS_DIR  "/tools"
#define NO_PROGRAM 127 /* exit status of a child that could not exec, as a shell has it */

static int bind_into_tools(const char *from, const char *name)
{
	char to[64];

	snprintf(to, sizeof(to), TOOLS_DIR "/%s", name);
	if (mkdir(to, 0755) < 0 && errno != EEXIST)
		return -errno;
	return mount(from, to, NULL, MS_BIND, NULL) < 0 ? -errno : 0;
}

/* One tmpfs holds it all, so that one lazy unmount takes it all away again. */
static int tools_build(const struct mounted_share *share)
{
	static const char *const own[] = { "dev", "proc", "sys", "run" };
	char path[sizeof(share->tree) + 8];
	int rc;

	if (mount("tools", TOOLS_DIR, "tmpfs", 0, "mode=755") < 0)
		return -errno;
	rc = bind_layout(share, TOOLS_DIR);
	for (unsigned int i = 0; rc == 0 && i < sizeof(own) / sizeof(own[0]); i++) {
		snprintf(path, sizeof(path), "/%s", own[i]);
		rc = bind_into_tools(path, own[i]);
	}
	snprintf(path, sizeof(path), "%s/etc", share->tree);
	if (rc == 0)
		rc = bind_into_tools(path, "etc");
	if (rc == 0)
		rc = bind_into_tools(PATH_SHARE, PATH_SHARE + 1);
	if (rc == 0)
		rc = bind_into_tools(ROOT_DIR, TOOLS_TARGET + 1);
	if (rc == 0 && mkdir(TOOLS_DIR "/tmp", 01777) < 0)
		rc = -errno;
	return rc;
}

static void exec_inside(const char *const argv[], int out)
{
	static const char *const envp[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/",
		"LC_ALL=C", NULL };
	int null = open("/dev/null", O_RDONLY);

	setsid();
	dup2(null, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	if (chroot(TOOLS_DIR) == 0 && chdir("/") == 0)
		execve(argv[0], (char *const *)argv, (char *const *)envp);
	_exit(NO_PROGRAM);
}

/* Log what is whole in line[0, *n); a line that fills the buffer is whole too. */
static void log_lines(char *line, size_t *n, size_t size)
{
	char *start = line, *end;

	while ((end = memchr(start, '\n', line + *n - start))) {
		*end = '\0';
		log_info("%s", start);
		start = end + 1;
	}
	*n -= start - line;
	memmove(line, start, *n);
	if (*n == size - 1) {
		line[*n] = '\0';
		log_info("%s", line);
		*n = 0;
	}
}

/* Returns 0 at the end of the output, -ETIMEDOUT at the deadline. */
static int relay_output(int fd, uint64_t deadline)
{
	char line[LOG_LINE_MAX - 64];
	size_t n = 0;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		uint64_t now = clock_ms();
		ssize_t got;

		if (now >= deadline)
			return -ETIMEDOUT;
		if (poll(&p, 1, deadline - now) <= 0)
			continue;
		got = read(fd, line + n, sizeof(line) - 1 - n);
		if (got <= 0)
			return 0;
		n += got;
		log_lines(line, &n, sizeof(line));
	}
}

static int run_inside(unsigned int limit, const char *const argv[], int *status)
{
	uint64_t deadline = clock_ms() + limit * 1000ULL;
	int fds[2], ended, rc;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		exec_inside(argv, fds[1]);
	close(fds[1]);
	rc = relay_output(fds[0], deadline);
	close(fds[0]);
	if (rc < 0)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &ended, 0) < 0 && errno == EINTR)
		;
	if (rc < 0)
		return rc;
	*status = WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
	return *status == NO_PROGRAM ? -ENOENT : 0;
}

int tools_run(const struct mounted_share *share, unsigned int limit, const char *const argv[],
	int *status)
{
	int rc = tools_build(share);

	if (rc < 0)
		log_warn("cannot prepare " TOOLS_DIR ": %s", error_name(rc));
	else
		rc = run_inside(limit, argv, status);
	umount2(TOOLS_DIR, MNT_DETACH);
	return rc;
}
