#include "farm/virt/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/rfc3339.h"

static int wait_for(int fd, unsigned int seconds)
{
	static const struct timespec pause = { 0, 20000000 };

	for (unsigned int ms = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; ms += 20) {
		if (errno != EWOULDBLOCK)
			return -errno;
		if (ms >= seconds * 1000)
			return -EBUSY;
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int say_holder(int fd, const char *path)
{
	char text[512];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return -cli_error(EBUSY, "another command changes the farm: %s (%s); wait until it is done",
		*text ? text : "an unknown process", path);
}

/* What the next one is told. */
static int sign(int fd, const char *command)
{
	char text[512], since[RFC3339_SIZE];
	const char *user = getenv("SUDO_USER");
	int n;

	rfc3339_text(since, time(NULL));
	n = snprintf(text, sizeof(text), "`xenfarm %.200s`, process %d%s%.64s, since %s\n", command,
		(int)getpid(), user ? " of " : "", user ? user : "", since);
	return ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) != n ? -errno : 0;
}

int virt_lock(const char *directory, const char *command, unsigned int seconds)
{
	AUTO_FREE char *path = NULL;
	int fd, r;

	if (asprintf(&path, "%s/farm.lock", directory) < 0) {
		path = NULL;
		return cli_error(-ENOMEM, "%s", directory);
	}
	if (mkdir(directory, 0755) < 0 && errno != EEXIST)
		return cli_error(-errno, "%s", directory);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 && errno == EACCES)
		return -cli_error(EACCES,
			"no permission to change the farm [%s: %s]; run it as root", path,
			strerror(EACCES));
	if (fd < 0)
		return cli_error(-errno, "%s", path);
	r = wait_for(fd, seconds);
	if (r == 0)
		r = sign(fd, command);
	if (r == 0)
		return fd;
	r = r == -EBUSY ? say_holder(fd, path) : cli_error(r, "%s", path);
	close(fd);
	return r;
}
