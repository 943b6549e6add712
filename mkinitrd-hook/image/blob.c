#include "mkinitrd-hook/image/blob.h"

#include "lib/cleanup.h"
#include "lib/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

void blob_free(struct blob *blob)
{
	free(blob->data);
	*blob = (struct blob){ 0 };
}

struct blob blob_take(struct buf *buf)
{
	const struct blob blob = { (unsigned char *)buf->data, buf->size };

	*buf = (struct buf){ 0 };
	return blob;
}

#define SINK_FIRST 65536 /* bytes that a sink begins with */

/*
 * There is always room for one byte more than the limit: whoever produces exactly as many can still
 * come to its end, and whoever produces more is noticed.
 */
int sink_room(struct sink *sink, unsigned char **at, size_t *room)
{
	size_t left;

	if (sink->buf.size > sink->limit)
		return -EFBIG;
	*at = (unsigned char *)buf_room(&sink->buf, sink->buf.size ? 1 : SINK_FIRST);
	if (!*at)
		return -ENOMEM;
	*room = sink->buf.capacity - sink->buf.size;
	left = sink->limit + 1 - sink->buf.size;
	if (*room > left)
		*room = left;
	return 0;
}

void sink_filled(struct sink *sink, size_t n)
{
	sink->buf.size += n;
}

int sink_add(struct sink *sink, const void *data, size_t n)
{
	if (sink->buf.size > sink->limit || n > sink->limit - sink->buf.size)
		return -EFBIG;
	buf_add(&sink->buf, data, n);
	return sink->buf.failed ? -ENOMEM : 0;
}

static int read_fd(int fd, size_t limit, struct blob *blob)
{
	AUTO_BUF struct buf buf = { 0 };
	struct stat st;
	int rc;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if ((unsigned long long)st.st_size > limit)
		return -EFBIG;
	/* At once all that buf_read() will ask for. */
	buf_room(&buf, (size_t)st.st_size + 65536);
	rc = buf_read(&buf, fd, limit);
	if (!rc)
		*blob = blob_take(&buf);
	return rc;
}

int blob_read(const char *path, size_t limit, struct blob *blob)
{
	/* O_NONBLOCK: a fifo of that name must not hang a kernel's installation. */
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? -errno : read_fd(fd, limit, blob);
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
	rc = publish_replace(path, mode, blob->data, blob->size);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}
