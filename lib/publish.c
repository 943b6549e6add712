#include "lib/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/io.h"

#define TEMPORARY ".xf-"

static int open_directory(int dir, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	char directory[PATH_MAX] = ".";
	size_t n = slash ? (size_t)(slash - path) + 1 : 0;
	int fd;

	if (n >= sizeof(directory))
		return -ENAMETOOLONG;
	if (n > 0) {
		memcpy(directory, path, n);
		directory[n] = '\0';
	}
	*name = path + n;
	fd = openat(dir, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int create_temporary(struct publish *p)
{
	uint64_t number;

	do {
		if (getrandom(&number, sizeof(number), 0) != sizeof(number))
			return -errno;
		snprintf(p->temporary, sizeof(p->temporary), TEMPORARY "%016jx", (uintmax_t)number);
		p->fd = openat(
			p->directory, p->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	} while (p->fd < 0 && errno == EEXIST);
	return p->fd < 0 ? -errno : 0;
}

static int begin(struct publish *p, int dir, const char *path, mode_t mode, bool any_type)
{
	struct stat st;
	int r = 0;

	p->fd = -1;
	p->directory = open_directory(dir, path, &p->name);
	if (p->directory < 0)
		return p->directory;
	if (fstatat(p->directory, p->name, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode))
		r = any_type ? 0 : -EEXIST;
	if (r == 0)
		r = create_temporary(p);
	if (r < 0)
		close(p->directory);
	else if (fchmod(p->fd, mode) < 0) {
		r = -errno;
		publish_abort(p);
	}
	return r;
}

int publish_begin(struct publish *p, int dir, const char *path, mode_t mode)
{
	return begin(p, dir, path, mode, false);
}

int publish_commit(struct publish *p)
{
	int r = 0;

	if (fsync(p->fd) < 0 || renameat(p->directory, p->temporary, p->directory, p->name) < 0) {
		r = -errno;
		publish_abort(p);
		return r;
	}
	if (fsync(p->directory) < 0)
		r = -errno;
	close(p->fd);
	close(p->directory);
	return r;
}

void publish_abort(struct publish *p)
{
	unlinkat(p->directory, p->temporary, 0);
	close(p->fd);
	close(p->directory);
}

/* After begin(), whose result is r. */
static int write_and_commit(int r, struct publish *p, const void *data, size_t n)
{
	if (r < 0)
		return r;
	r = io_write(p->fd, data, n);
	if (r < 0) {
		publish_abort(p);
		return r;
	}
	return publish_commit(p);
}

int publish_file(int dir, const char *path, mode_t mode, const void *data, size_t n)
{
	struct publish p;

	return write_and_commit(begin(&p, dir, path, mode, false), &p, data, n);
}

int publish_replace(const char *path, mode_t mode, const void *data, size_t n)
{
	struct publish p;

	return write_and_commit(begin(&p, AT_FDCWD, path, mode, true), &p, data, n);
}

bool publish_is_temporary(const char *name)
{
	return strncmp(name, TEMPORARY, strlen(TEMPORARY)) == 0;
}
