#include "agent/transaction/pwd-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "lib/fsroot.h"

#define TRIES_A_SECOND 10

int pwd_lock(int root)
{
	const struct timespec pause = { .tv_nsec = 1000000000 / TRIES_A_SECOND };
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = fsroot_open(root, PWD_LOCK, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0600);
	int r = 0;

	if (fd < 0)
		return fd;
	for (int tries = 0; fcntl(fd, F_SETLK, &lock) < 0; tries++) {
		r = errno == EACCES || errno == EAGAIN ? -EWOULDBLOCK : -errno;
		if (r != -EWOULDBLOCK || tries == PWD_LOCK_SECONDS * TRIES_A_SECOND) {
			close(fd);
			return r;
		}
		nanosleep(&pause, NULL);
	}
	return fd;
}
