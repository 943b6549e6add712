#include "initrd/test/netns.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t far;

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

const char *netns_enter(void)
{
	char uid[32], gid[32];

	snprintf(uid, sizeof(uid), "0 %u 1", getuid());
	snprintf(gid, sizeof(gid), "0 %u 1", getgid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) || !write_file("/proc/self/setgroups", "deny") ||
		!write_file("/proc/self/uid_map", uid) || !write_file("/proc/self/gid_map", gid))
		return "user namespaces are not permitted here";
	if (system("ip link add probe0 type veth peer name probe1 2>/dev/null"))
		return "ip(8) is missing, or the kernel's veth";
	return NULL;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

void netns_leave(void)
{
	if (far > 0) {
		kill(far, SIGKILL);
		waitpid(far, NULL, 0);
	}
	far = 0;
}

void netns_fresh(void)
{
	int ready[2];
	char c;

	netns_leave();
	if (unshare(CLONE_NEWNET) || pipe(ready) || (far = fork()) < 0)
		die("a network of the test's own");
	if (far == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) == 0 && write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(ready[1]);
	if (read(ready[0], &c, 1) != 1)
		die("the far end");
	close(ready[0]);
}

static bool run(const char *prefix, const char *fmt, va_list args)
{
	char command[1024];
	int n = snprintf(command, sizeof(command), "%s", prefix);

	vsnprintf(command + n, sizeof(command) - n, fmt, args);
	return system(command) == 0;
}

bool netns_run(const char *fmt, ...)
{
	va_list args;
	bool ok;

	va_start(args, fmt);
	ok = run("", fmt, args);
	va_end(args);
	return ok;
}

bool netns_far(const char *fmt, ...)
{
	char prefix[64];
	va_list args;
	bool ok;

	snprintf(prefix, sizeof(prefix), "nsenter -t %d -n ", (int)far);
	va_start(args, fmt);
	ok = run(prefix, fmt, args);
	va_end(args);
	return ok;
}

bool netns_cable(const char *name, int id)
{
	return netns_run(
		"ip link add %s address 02:00:00:00:00:%02x type veth peer name far%d netns %d",
		name, id, id, (int)far);
}

bool netns_shows(const char *command, const char *text)
{
	char output[4096];
	FILE *pipe = popen(command, "r");
	size_t n;

	if (!pipe)
		return false;
	n = fread(output, 1, sizeof(output) - 1, pipe);
	output[n] = '\0';
	pclose(pipe);
	if (strstr(output, text))
		return true;
	printf("# %s: no \"%s\" in:\n# %s\n", command, text, output);
	return false;
}
