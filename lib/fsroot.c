#include "lib/fsroot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/cleanup.h"

/* O_PATH alone asks for the place itself, be it a link; with openat2 that has to be said. */
static int flags_for(int flags)
{
	return (flags & (O_PATH | O_DIRECTORY)) == O_PATH ? flags | O_NOFOLLOW : flags;
}

/* The mode is looked at only when a file is made; openat2 refuses it otherwise. */
static mode_t mode_for(int flags, mode_t mode)
{
	return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? mode : 0;
}

static int open_component(int directory, const char *path, size_t n, int flags, mode_t mode)
{
	char name[NAME_MAX + 1], target;
	int fd, r;

	if (n > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, path, n);
	name[n] = '\0';
	if (strcmp(name, "..") == 0)
		return -EXDEV;
	fd = openat(directory, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd >= 0)
		return fd;
	r = -errno;
	/* O_DIRECTORY with O_NOFOLLOW calls a symbolic link ENOTDIR: openat2 says ELOOP. */
	return r == -ENOTDIR && readlinkat(directory, name, &target, 1) >= 0 ? -ELOOP : r;
}

int fsroot_open_walk(int root, const char *path, int flags, mode_t mode)
{
	AUTO_CLOSE int directory = -1;
	size_t n;

	if (path[0] == '/')
		return -EXDEV;
	if (path[0] == '\0')
		path = ".";
	for (;; path += n + strspn(path + n, "/")) {
		int fd;

		n = strcspn(path, "/");
		if (path[n] == '\0')
			return open_component(directory < 0 ? root : directory, path, n, flags,
				mode_for(flags, mode));
		fd = open_component(
			directory < 0 ? root : directory, path, n, O_PATH | O_DIRECTORY, 0);
		if (fd < 0)
			return fd;
		cleanup_close(&directory);
		directory = fd;
	}
}

int fsroot_open(int root, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (unsigned int)flags_for(flags) | O_CLOEXEC,
		.mode = mode_for(flags, mode),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	int tries = 0;
	long fd;

	/* EAGAIN: a rename somewhere kept the kernel from being sure; it asks to try again. */
	do
		fd = syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof(how));
	while (fd < 0 && errno == EAGAIN && ++tries < 100);
	if (fd >= 0)
		return (int)fd;
	/* EPERM too: sandboxes older than the call refuse it so, and the walk finds out whether
	 * that was it. */
	if (errno == ENOSYS || errno == EPERM)
		return fsroot_open_walk(root, path, flags, mode);
	return -errno;
}

int fsroot_parent(int root, const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	char directory[PATH_MAX];
	size_t n = slash ? (size_t)(slash - path) : 0;

	if (path[0] == '\0')
		return -EINVAL;
	if (path[0] == '/')
		return -EXDEV;
	if (n >= sizeof(directory))
		return -ENAMETOOLONG;
	memcpy(directory, path, n);
	directory[n] = '\0';
	*name = slash ? slash + 1 : path;
	return fsroot_open(root, directory, O_PATH | O_DIRECTORY, 0);
}

/* To be emptied: permissions that stop its owner are lifted, as they do not stop root. */
static int open_doomed(int directory, const char *name)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(directory, name, flags), r;

	if (fd < 0 && errno == EACCES && fchmodat(directory, name, 0700, AT_SYMLINK_NOFOLLOW) == 0)
		fd = openat(directory, name, flags);
	if (fd < 0)
		return -errno;
	if (geteuid() == 0 || fchmod(fd, 0700) == 0)
		return fd;
	r = -errno;
	close(fd);
	return r;
}

static int empty(int directory, const char *name)
{
	int fd = open_doomed(directory, name), r = 0;
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir) {
		r = fd < 0 ? fd : -errno;
		cleanup_close(&fd);
		return r;
	}
	while (r == 0 && (d = readdir(dir)) != NULL)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			r = fsroot_remove(fd, d->d_name);
	return r;
}

int fsroot_remove(int directory, const char *name)
{
	int r;

	if (unlinkat(directory, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	r = empty(directory, name);
	if (r == -ENOTDIR) /* it was EPERM then: a file that may not be removed */
		return -EPERM;
	return r < 0 ? r : unlinkat(directory, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

int fsroot_make_parents(const char *path)
{
	char parent[PATH_MAX];

	if (strlen(path) >= sizeof(parent))
		return -ENAMETOOLONG;
	for (const char *slash = *path ? strchr(path + 1, '/') : NULL; slash;
		slash = strchr(slash + 1, '/')) {
		memcpy(parent, path, (size_t)(slash - path));
		parent[slash - path] = '\0';
		if (mkdir(parent, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}
