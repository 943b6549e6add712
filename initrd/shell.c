#include "initrd/shell.h"

#include "initrd/file.h"
#include "initrd/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define SHELL "/bin/sh"

/* /dev/console cannot be a controlling terminal: find the device behind it, which is listed last.
 */
static int open_console(void)
{
	char active[128], path[160];
	const char *name;
	int fd = -1;

	if (file_read("/sys/class/tty/console/active", active, sizeof(active)) > 0) {
		name = strrchr(active, ' ');
		snprintf(path, sizeof(path), "/dev/%s", name ? name + 1 : active);
		fd = open(path, O_RDWR);
	}
	return fd >= 0 ? fd : open("/dev/console", O_RDWR);
}

static void exec_shell(void)
{
	static char *const argv[] = { "sh", "-i", NULL };
	static char *const envp[] = { "PATH=/bin:/sbin", "HOME=/", "TERM=linux", "PS1=xf# ", NULL };
	int fd;

	setsid();
	fd = open_console();
	if (fd >= 0) {
		ioctl(fd, TIOCSCTTY, NULL);
		dup2(fd, STDIN_FILENO);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
	execve(SHELL, argv, envp);
	_exit(127);
}

int shell_run(const char *why)
{
	pid_t pid, done;

	if (access(SHELL, X_OK) < 0) {
		log_error("no shell: busybox is not in this initrd (xf-mkinitrd --busybox)");
		return -ENOENT;
	}
	log_error("%s: here is a shell; `exit` continues", why);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		exec_shell();
	/* As process 1, also reap the processes that the shell left. */
	do
		done = waitpid(-1, NULL, 0);
	while (done != pid && !(done < 0 && errno == ECHILD));
	return 0;
}
