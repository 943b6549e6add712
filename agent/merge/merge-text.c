#include "agent/merge/merge-text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/io.h"
#include "lib/spawn.h"

#define LIMIT      60 /* seconds */
#define MERGED_MAX (64u << 20)

int merge_text_file(const struct buf *b, char path[static 32])
{
	int fd = memfd_create("merge", 0), r;

	if (fd < 0)
		return -errno;
	r = b ? io_write(fd, b->data, b->size) : 0;
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	if (r < 0)
		close(fd);
	return r < 0 ? r : fd;
}

int merge_text(
	const struct buf *mine, const struct buf *base, const struct buf *theirs, struct buf *out)
{
	char path[4][32];
	AUTO_CLOSE int a = merge_text_file(mine, path[0]), b = merge_text_file(base, path[1]),
		       c = merge_text_file(theirs, path[2]), o = merge_text_file(NULL, path[3]);
	const char *argv[] = { "diff3", "-m", "-L", "local", "-L", "base", "-L", "master", path[0],
		path[1], path[2], NULL };
	int status, r;

	if (a < 0 || b < 0 || c < 0 || o < 0)
		return a < 0 ? a : b < 0 ? b : c < 0 ? c : o;
	r = spawn_run(
		&(struct spawn){ .argv = argv, .out = o, .kept = -1, .limit = LIMIT }, &status);
	if (r < 0 || status > 1)
		return r < 0 ? r : -EIO;
	if (lseek(o, 0, SEEK_SET) < 0)
		return -errno;
	r = buf_read(out, o, MERGED_MAX);
	return r < 0 ? r : status;
}
