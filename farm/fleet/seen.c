#include "farm/fleet/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/io.h"

#define SEEN_BYTES_MAX 4096
#define NAME_SIZE      (FLEET_UUID_MAX + 8)

int seen_open(const char *path)
{
	int fd;

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

bool seen_read(int directory, const char *uuid, fleet_status *status, int64_t *when)
{
	AUTO_CLOSE int fd = openat(directory, uuid, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	AUTO_BUF struct buf bytes = { 0 };
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || buf_read(&bytes, fd, SEEN_BYTES_MAX) < 0 ||
		fleet_decode((xdrproc_t)xdr_fleet_status, bytes.data, bytes.size, status,
			sizeof(*status)) < 0)
		return false;
	*when = st.st_mtime;
	if (!fleet_check_status(status))
		return true;
	xdr_free((xdrproc_t)xdr_fleet_status, status);
	return false;
}

static int write_new(int directory, const char *name, const struct buf *bytes)
{
	AUTO_CLOSE int fd = openat(
		directory, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);

	return fd < 0 ? -errno : io_write(fd, bytes->data, bytes->size);
}

int seen_write(int directory, const char *uuid, const fleet_status *status)
{
	AUTO_BUF struct buf bytes = { 0 };
	char name[NAME_SIZE + 16];
	int r = fleet_encode((xdrproc_t)xdr_fleet_status, status, &bytes);

	/* Another command may do the same: each has a file of its own until it is whole. */
	snprintf(name, sizeof(name), ".%s.%d", uuid, getpid());
	if (r == 0)
		r = write_new(directory, name, &bytes);
	if (r == 0 && renameat(directory, name, directory, uuid) == 0)
		return 0;
	r = r < 0 ? r : -errno;
	unlinkat(directory, name, 0);
	return r;
}
