/* A share in a directory. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/share/share-reader.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"

#define PIECE (256 * 1024)

struct share_directory {
	struct share_access access;
	int dir;
	char *piece;
};

static int open_file(struct share_directory *s, const char *path)
{
	return fsroot_open(s->dir, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
}

static int dir_read(struct share_access *access, const char *path, size_t limit, struct buf *out)
{
	struct share_directory *s = (struct share_directory *)access;
	AUTO_CLOSE int fd = open_file(s, path);

	return fd < 0 ? fd : buf_read(out, fd, limit);
}

static int fetch_one(struct share_directory *s, const struct share_fetch *f, size_t i)
{
	AUTO_CLOSE int fd = open_file(s, f->path(i, f->arg));
	ssize_t n = 1;
	int r = 0;

	if (fd < 0)
		return f->data(i, NULL, 0, fd, f->arg);
	while (r == 0 && n > 0) {
		n = read(fd, s->piece, PIECE);
		if (n < 0 && errno == EINTR)
			n = 1;
		else
			r = f->data(i, s->piece, n < 0 ? 0 : (size_t)n, n < 0 ? -errno : 0, f->arg);
	}
	return r;
}

static int dir_fetch(struct share_access *access, const struct share_fetch *f)
{
	struct share_directory *s = (struct share_directory *)access;
	int r = 0;

	for (size_t i = 0; r == 0 && i < f->n; i++)
		r = fetch_one(s, f, i);
	return r;
}

static void dir_close(struct share_access *access)
{
	struct share_directory *s = (struct share_directory *)access;

	close(s->dir);
	free(s->piece);
	free(s);
}

int share_directory_open(const char *path, struct share_access **access)
{
	struct share_directory *s = calloc(1, sizeof(*s));
	int r = -ENOMEM;

	if (!s)
		return r;
	s->access = (struct share_access){ dir_read, dir_fetch, dir_close };
	s->piece = malloc(PIECE);
	s->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->piece && s->dir >= 0) {
		*access = &s->access;
		return 0;
	}
	if (s->dir < 0)
		r = -errno;
	else
		close(s->dir);
	free(s->piece);
	free(s);
	return r;
}
