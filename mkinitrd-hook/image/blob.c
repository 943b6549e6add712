#include "mkinitrd-hook/image/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void blob_free(struct blob *blob)
{
	free(blob->data);
	*blob = (struct blob){ 0 };
}

#define SINK_FIRST 65536 /* bytes that a sink begins with */

/*
 * There is always room for one byte more than the limit: so whoever produces just as many can still
 * come to its end, and whoever produces more is seen to.
 */
int sink_room(struct sink *sink)
{
	size_t all;
	unsigned char *data;

	if (sink->blob.size > sink->limit)
		return -EFBIG;
	if (sink->room)
		return 0;
	all = sink->blob.size < SINK_FIRST ? SINK_FIRST : sink->blob.size * 2;
	if (all > sink->limit + 1)
		all = sink->limit + 1;
	data = realloc(sink->blob.data, all);
	if (!data)
		return -ENOMEM;
	sink->blob.data = data;
	sink->room = all - sink->blob.size;
	return 0;
}

void sink_filled(struct sink *sink, size_t n)
{
	sink->blob.size += n;
	sink->room -= n;
}

int sink_add(struct sink *sink, const void *data, size_t n)
{
	int rc;

	while (!(rc = sink_room(sink)) && n) {
		size_t part = n < sink->room ? n : sink->room;

		memcpy(sink->blob.data + sink->blob.size, data, part);
		sink_filled(sink, part);
		data = (const char *)data + part;
		n -= part;
	}
	return rc;
}

static int read_all(int fd, struct blob *blob)
{
	size_t done = 0;

	while (done < blob->size) {
		ssize_t n = read(fd, blob->data + done, blob->size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO; /* shrank while it was read */
		done += n;
	}
	return 0;
}

static int read_fd(int fd, size_t limit, struct blob *blob)
{
	struct blob new = { 0 };
	struct stat st;
	int rc;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if ((unsigned long long)st.st_size > limit)
		return -EFBIG;
	new.size = st.st_size;
	new.data = malloc(new.size + 1);
	if (!new.data)
		return -ENOMEM;
	rc = read_all(fd, &new);
	if (rc)
		blob_free(&new);
	else
		*blob = new;
	return rc;
}

int blob_read(const char *path, size_t limit, struct blob *blob)
{
	/* O_NONBLOCK: a fifo of that name must not hang a kernel's installation. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int rc;

	if (fd < 0)
		return -errno;
	rc = read_fd(fd, limit, blob);
	close(fd);
	return rc;
}

int blob_write(int fd, const struct blob *blob)
{
	size_t done = 0;

	while (done < blob->size) {
		ssize_t n = write(fd, blob->data + done, blob->size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += n;
	}
	return 0;
}

static int sync_directory(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return -errno;
	rc = fsync(fd) ? -errno : 0;
	close(fd);
	return rc;
}

static int fill_and_rename(
	const struct blob *blob, int fd, const char *temp, const char *path, mode_t mode)
{
	int rc = blob_write(fd, blob);

	if (!rc && (fchmod(fd, mode) || fsync(fd)))
		rc = -errno;
	/* NFS may keep "no space" for close(). */
	if (close(fd) && !rc)
		rc = -errno;
	if (!rc && rename(temp, path))
		rc = -errno;
	if (rc)
		unlink(temp);
	return rc;
}

static int publish(const struct blob *blob, const char *path, mode_t mode)
{
	char *for_name = strdup(path), *for_directory = strdup(path), *temp = NULL;
	int rc = -ENOMEM, fd;

	if (!for_name || !for_directory)
		goto out;
	if (asprintf(&temp, "%s/.%s.XXXXXX", dirname(for_directory), basename(for_name)) < 0) {
		temp = NULL;
		goto out;
	}
	fd = mkostemp(temp, O_CLOEXEC);
	rc = fd < 0 ? -errno : fill_and_rename(blob, fd, temp, path, mode);
	if (!rc)
		rc = sync_directory(dirname(temp));
out:
	free(for_name);
	free(for_directory);
	free(temp);
	return rc;
}

int blob_publish(const struct blob *blob, const char *path, mode_t mode)
{
	sigset_t ending, before;
	int rc;

	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	sigprocmask(SIG_BLOCK, &ending, &before);
	rc = publish(blob, path, mode);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}
