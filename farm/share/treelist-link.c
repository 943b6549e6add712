/* A copy of a tree by hard links. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/share/treelist.h"
#include "lib/cleanup.h"
#include "lib/xattrs.h"

static int copy_metadata(int from, int to)
{
	struct timespec times[2];
	struct stat st;
	int r;

	if (fstat(from, &st) < 0 || fchown(to, st.st_uid, st.st_gid) < 0)
		return -errno;
	/* After the attributes: an ACL sets the bits of the group. */
	r = xattrs_copy(from, to);
	if (r < 0)
		return r;
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	return fchmod(to, st.st_mode & 07777) < 0 || futimens(to, times) < 0 ? -errno : 0;
}

static int open_dir(int at, const char *path)
{
	int fd = openat(at, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int treelist_copy_dir(int from_at, const char *from_path, int to_at, const char *to_path)
{
	AUTO_CLOSE int from = open_dir(from_at, from_path), to = open_dir(to_at, to_path);

	if (from < 0 || to < 0)
		return from < 0 ? from : to;
	return copy_metadata(from, to);
}

/* All paths that begin with that of a directory follow it at once, siblings ("a-b") included. */
static bool is_in(const struct treelist_entry *e, const struct treelist_entry *top)
{
	size_t n = strlen(top->path);

	return n == 0 || e == top || e->path[n] == '/';
}

static void name_of(const struct treelist_entry *e, const struct treelist_entry *top,
	const char *name, char path[static PATH_MAX])
{
	size_t n = strlen(top->path);

	snprintf(path, PATH_MAX, "%s%s%s", name, n == 0 && e != top ? "/" : "", e->path + n);
}

int treelist_link(const struct treelist *tree, const struct treelist_entry *top, int from, int to,
	const char *name)
{
	size_t n = strlen(top->path);
	const struct treelist_entry *end = tree->entry + tree->n, *e = top;
	char path[PATH_MAX];
	int r = 0;

	for (; e < end && strncmp(e->path, top->path, n) == 0 && r == 0; e++) {
		if (!is_in(e, top))
			continue;
		name_of(e, top, name, path);
		r = S_ISDIR(e->mode) ? mkdirat(to, path, 0700) : linkat(from, e->path, to, path, 0);
		r = r < 0 ? -errno : 0;
	}
	/* Backwards, as each entry changes the time of its directory. */
	while (r == 0 && e-- > top) {
		if (!S_ISDIR(e->mode) || !is_in(e, top))
			continue;
		name_of(e, top, name, path);
		r = treelist_copy_dir(from, e->path, to, path);
	}
	return r;
}
