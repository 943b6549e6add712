#include "lib/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/cleanup.h"

#define PATH_DEFAULT "/usr/sbin:/usr/bin:/sbin:/bin" /* early in the boot there is none */

static int prepare(const struct spawn *s, pid_t parent)
{
	int out = STDOUT_FILENO;

	if (s->dies_with_parent) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent) /* it ended before the call */
			return -ESRCH;
	}
	if (s->kept >= 0 && fcntl(s->kept, F_SETFD, 0) < 0)
		return -errno;
	if (!s->interactive) {
		int in = s->in ? s->in : open("/dev/null", O_RDONLY);

		setsid();
		if (in < 0 || dup2(in, STDIN_FILENO) < 0)
			return -errno;
		out = STDERR_FILENO;
	}
	if (dup2(s->out >= 0 ? s->out : out, STDOUT_FILENO) < 0)
		return -errno;
	if (s->err_too && dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
		return -errno;
	return setenv("PATH", PATH_DEFAULT, 0) < 0 ? -errno : 0;
}

/* What keeps the program from running goes to the parent, over a pipe that exec closes. */
static void child(const struct spawn *s, pid_t parent, int failed)
{
	int r = prepare(s, parent);

	/* Programs in a pipeline end by it. */
	signal(SIGPIPE, SIG_DFL);
	if (r == 0) {
		execvp(s->argv[0], (char *const *)s->argv);
		r = -errno;
	}
	_exit(write(failed, &r, sizeof(r)) == sizeof(r) ? EXIT_FAILURE : EXIT_FAILURE + 1);
}

static int reap(pid_t pid, int *status)
{
	int end;

	while (waitpid(pid, &end, 0) < 0)
		if (errno != EINTR)
			return -errno;
	*status = WIFSIGNALED(end) ? 128 + WTERMSIG(end) : WEXITSTATUS(end);
	return 0;
}

pid_t spawn_start(const struct spawn *s)
{
	pid_t parent = getpid(), pid;
	int ends[2], r = 0, ignored;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		r = -errno;
	if (pid == 0)
		child(s, parent, ends[1]);
	close(ends[1]);
	if (pid > 0 && read(ends[0], &r, sizeof(r)) == sizeof(r))
		reap(pid, &ignored);
	close(ends[0]);
	return r < 0 ? r : pid;
}

/* A time limit without a signal handler, by a pid's fd. 1: it ended; 0: it did not. */
static int wait_until(pid_t pid, unsigned int limit)
{
	AUTO_CLOSE int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	if (fd < 0 || limit == 0)
		return 1;
	do
		n = poll(&p, 1, (int)limit * 1000);
	while (n < 0 && errno == EINTR);
	return n;
}

int spawn_wait(pid_t pid, unsigned int limit, int *status)
{
	int r;

	if (wait_until(pid, limit))
		return reap(pid, status);
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	r = reap(pid, status);
	return r < 0 ? r : -ETIMEDOUT;
}

int spawn_run(const struct spawn *s, int *status)
{
	pid_t pid = spawn_start(s);

	return pid < 0 ? pid : spawn_wait(pid, s->limit, status);
}

int spawn_become(const char *const *argv)
{
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], (char *const *)argv);
	return -errno;
}
