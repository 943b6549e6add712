#include "agent/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOT_FOUND 127

static void child(const char *const argv[], int out, int interactive)
{
	int nothing = interactive ? -1 : open("/dev/null", O_RDONLY);

	if (!interactive)
		setsid();
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 0);
	if (nothing >= 0)
		dup2(nothing, 0);
	if (!interactive || out >= 0)
		dup2(out >= 0 ? out : 2, 1);
	execvp(argv[0], (char *const *)argv);
	_exit(NOT_FOUND);
}

/* Wait by a pid's fd: a time limit without a signal handler. 1: ended. */
static int wait_until(pid_t pid, unsigned int limit)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0), n = 1;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (fd < 0)
		return 1;
	do
		n = poll(&p, 1, limit ? (int)limit * 1000 : -1);
	while (n < 0 && errno == EINTR);
	close(fd);
	return n;
}

int run(const char *const argv[], int out, unsigned int limit, int interactive)
{
	pid_t pid = fork();
	int status, ended;

	if (pid < 0)
		return -errno;
	if (pid == 0)
		child(argv, out, interactive);
	ended = wait_until(pid, limit);
	if (!ended)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (!ended)
		return -ETIMEDOUT;
	if (!WIFEXITED(status))
		return -EINTR;
	return WEXITSTATUS(status) == NOT_FOUND ? -ENOENT : WEXITSTATUS(status);
}
