#include "farm/publish/layout-detect.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/cleanup.h"

/* With a merged /usr these are links into it, otherwise directories of their own. */
static const char *const tops[] = { "usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "boot",
	"opt" };

/* They describe what is installed in the read-only part, so they belong to it. */
static const char *const databases[] = { "var/lib/dpkg", "var/lib/rpm", "var/lib/dnf",
	"var/lib/zypp", "var/lib/pacman", "var/db/pkg", "var/lib/portage" };

/* Is it a directory that is not empty? 1, 0 or -errno. */
static int holds_something(int root, const char *path)
{
	int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int names = 0;

	if (!dir)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : -errno;
	while (readdir(dir))
		names++;
	return names > 2;
}

static int top(int root, const char *path, struct buf *out)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(root, path, target, sizeof(target) - 1);
	int r;

	if (n >= 0) {
		target[n] = '\0';
		/* At the top, an absolute link has the same target as a relative one. */
		buf_printf(out, "link %s %s\n", path, target + strspn(target, "/"));
		return 0;
	}
	r = holds_something(root, path);
	if (r > 0)
		buf_printf(out, "bind %s\n", path);
	return r < 0 ? r : 0;
}

static bool is_dir(int root, const char *path)
{
	struct stat st;

	return fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

int layout_detect(int root, struct buf *out)
{
	int r = 0;

	buf_puts(out, "# xenfarm layout 1\n");
	for (size_t i = 0; i < ARRAY_SIZE(tops) && r == 0; i++)
		r = top(root, tops[i], out);
	for (size_t i = 0; i < ARRAY_SIZE(databases) && r == 0; i++) {
		r = holds_something(root, databases[i]);
		if (r > 0)
			buf_printf(out, "bind %s\n", databases[i]);
		r = r < 0 ? r : 0;
	}
	if (is_dir(root, "usr/local"))
		buf_puts(out, "writeable usr/local\n");
	return r == 0 && out->failed ? -ENOMEM : r;
}
