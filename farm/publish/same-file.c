#include "farm/publish/same-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/fsroot.h"
#include "lib/xattrs.h"

#define TEMPORARY ".xenfarm-link"

static ssize_t read_full(int fd, char *data, size_t size)
{
	size_t n = 0;

	while (n < size) {
		ssize_t r = read(fd, data + n, size - n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			break;
		n += (size_t)r;
	}
	return (ssize_t)n;
}

int same_file_bytes(int a, int b)
{
	static char x[1 << 16], y[1 << 16];
	ssize_t n;

	do {
		ssize_t m = read_full(b, y, sizeof(y));

		n = read_full(a, x, sizeof(x));
		if (n < 0 || m < 0)
			return (int)(n < 0 ? n : m);
		if (n != m || memcmp(x, y, (size_t)n) != 0)
			return 0;
	} while (n > 0);
	return 1;
}

static int same_file(int a, int b)
{
	AUTO_BUF struct buf x = { 0 }, y = { 0 };
	struct stat s, t;
	int r;

	if (fstat(a, &s) < 0 || fstat(b, &t) < 0)
		return -errno;
	if (s.st_mode != t.st_mode || s.st_uid != t.st_uid || s.st_gid != t.st_gid ||
		s.st_size != t.st_size)
		return 0;
	r = xattrs_read(a, &x);
	if (r == 0)
		r = xattrs_read(b, &y);
	if (r < 0)
		return r;
	if (x.size != y.size || (x.size > 0 && memcmp(x.data, y.data, x.size) != 0))
		return 0;
	return same_file_bytes(a, b);
}

/* By a temporary name, so that path is never absent. */
static int replace(int previous, int directory, const char *path, const char *name)
{
	if (linkat(previous, path, directory, TEMPORARY, 0) < 0 ||
		renameat(directory, TEMPORARY, directory, name) < 0)
		return -errno;
	return 0;
}

int same_file_link(int previous, int to, const char *path)
{
	AUTO_CLOSE int old = -1, new = -1, directory = -1;
	const char *name;
	int r;

	if (previous < 0)
		return 0;
	old = fsroot_open(previous, path, O_RDONLY | O_NOFOLLOW, 0);
	if (old == -ENOENT || old == -ELOOP || old == -ENOTDIR)
		return 0;
	new = fsroot_open(to, path, O_RDONLY | O_NOFOLLOW, 0);
	if (old < 0 || new < 0)
		return old < 0 ? old : new;
	r = same_file(old, new);
	if (r <= 0)
		return r;
	directory = fsroot_parent(to, path, &name);
	if (directory < 0)
		return directory;
	return replace(previous, directory, path, name);
}
