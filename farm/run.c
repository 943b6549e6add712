#include "farm/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void execute(const char *const argv[], int out, int lock, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	if (lock >= 0)
		fcntl(lock, F_SETFD, 0);
	dup2(out, STDOUT_FILENO);
	execvp(argv[0], (char *const *)argv);
	fprintf(stderr, "xenfarm: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

pid_t run_start(const char *const argv[], int out, int lock)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0)
		execute(argv, out, lock, parent);
	return pid < 0 ? -errno : pid;
}

int run_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int run(const char *const argv[], int out, int lock)
{
	pid_t pid = run_start(argv, out, lock);

	return pid < 0 ? pid : run_wait(pid);
}
