#include "farm/net/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/net/compose.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/io.h"
#include "lib/publish.h"
#include "lib/spawn.h"

#define FILE_BYTES_MAX (1024 * 1024)
#define DIFF_SECONDS   10 /* for diff(1) */

/* From a root that need not be "/". */
static const char *below(const char *path)
{
	return path + 1;
}

/* --- what the machine is --- */

static bool exists(int root, const char *path)
{
	return faccessat(root, below(path), F_OK, 0) == 0;
}

static int read_file(int root, const char *path, struct buf *text)
{
	AUTO_CLOSE int fd = openat(root, below(path), O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : buf_read(text, fd, FILE_BYTES_MAX);
}

/* exports(5): has it a line that is neither empty nor a comment? */
static bool has_exports(int root, const char *path)
{
	AUTO_BUF struct buf text = { 0 };
	const char *line, *end;

	if (read_file(root, path, &text) < 0)
		return false;
	buf_add(&text, "", 1);
	if (text.failed)
		return true;
	for (line = text.data; *line; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		line += strspn(line, " \t");
		if (line < end && *line != '#')
			return true;
	}
	return false;
}

/* Another file of exports.d: exportfs(8) reads those that end so and do not begin with a dot. */
static bool has_more_exports(int root)
{
	int fd = openat(root, "etc/exports.d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSEDIR DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool more = false;

	while (dir && !more && (entry = readdir(dir))) {
		const char *dot = strrchr(entry->d_name, '.');
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "/etc/exports.d/%s", entry->d_name);
		more = dot && dot != entry->d_name && strcmp(dot, ".exports") == 0 &&
		       strcmp(entry->d_name, "xenfarm.exports") != 0 && has_exports(root, path);
	}
	return more;
}

struct net_facts net_facts_read(int root)
{
	return (struct net_facts){
		.xen = exists(root, "/etc/xen/scripts/vif-bridge"),
		.apparmor = exists(root, "/etc/apparmor.d/usr.lib.libvirt.virt-aa-helper"),
		.other_exports = has_exports(root, "/etc/exports") || has_more_exports(root),
	};
}

/* --- one file --- */

static int look_at_link(int root, const struct net_file *file)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(root, below(file->path), target, sizeof(target));

	if (n < 0)
		return errno == ENOENT || errno == ENOTDIR ? NET_FILE_ABSENT
		       : errno == EINVAL                   ? NET_FILE_FOREIGN
							   : -errno;
	return (size_t)n == file->content.size &&
			       memcmp(target, file->content.data, file->content.size) == 0
		       ? NET_FILE_SAME
		       : NET_FILE_FOREIGN;
}

static bool same_mode(int root, const struct net_file *file)
{
	struct stat st;

	return fstatat(root, below(file->path), &st, 0) == 0 && (st.st_mode & 07777) == file->mode;
}

int net_file_look(int root, const struct net_file *file)
{
	static const enum net_file_state states[] = { [NET_OURS] = NET_FILE_OLD,
		[NET_EDITED] = NET_FILE_EDITED,
		[NET_FOREIGN] = NET_FILE_FOREIGN };
	AUTO_BUF struct buf text = { 0 };
	struct stat st;
	int r;

	if (S_ISLNK(file->mode))
		return look_at_link(root, file);
	if (fstatat(root, below(file->path), &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode))
		return NET_FILE_FOREIGN;
	r = read_file(root, file->path, &text);
	if (r == -ENOENT || r == -ENOTDIR || (r == 0 && text.size == 0 && file->lasts))
		return NET_FILE_ABSENT;
	if (r < 0)
		return r;
	if (text.size == file->content.size &&
		memcmp(text.data, file->content.data, text.size) == 0)
		return same_mode(root, file) ? NET_FILE_SAME : NET_FILE_OLD;
	return (int)states[net_owner(text.data, text.size)];
}

/* An fd of an unnamed file with these bytes, or -errno. */
static int unnamed_file(const void *data, size_t n)
{
	int fd = memfd_create("xenfarm-diff", MFD_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = n ? io_write(fd, data, n) : 0;
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

static int run_diff(const char *label, int from, int to, int out)
{
	char path[32];
	const char *const argv[] = { "diff", "-u", "--label", label, "--label", label, path, "-",
		NULL };
	const struct spawn spawn = {
		.argv = argv, .in = to, .out = out, .kept = from, .limit = DIFF_SECONDS
	};
	int status = 0, r;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", from);
	r = spawn_run(&spawn, &status);
	return r < 0 ? r : status > 1 ? -EIO : lseek(out, 0, SEEK_SET) < 0 ? -errno : 0;
}

int net_file_diff(int root, const struct net_file *file, struct buf *diff)
{
	AUTO_CLOSE int from = openat(root, below(file->path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	AUTO_CLOSE int to = -1, out = -1;
	int r = from < 0 ? -errno : 0;

	if (r == 0)
		r = to = unnamed_file(file->content.data, file->content.size);
	if (r >= 0)
		r = out = unnamed_file(NULL, 0);
	if (r >= 0)
		r = run_diff(file->path, from, to, out);
	if (r == 0)
		r = buf_read(diff, out, FILE_BYTES_MAX);
	buf_add(diff, "", 1);
	return r == 0 && diff->failed ? -ENOMEM : r;
}

/* The directories above path, with mode 0755. */
static int make_parents(int root, const char *path)
{
	char directory[PATH_MAX];

	for (const char *slash = strchr(below(path), '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(directory, sizeof(directory), "%.*s", (int)(slash - below(path)),
			below(path));
		if (mkdirat(root, directory, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int make_link(int root, const struct net_file *file)
{
	char target[PATH_MAX];

	snprintf(target, sizeof(target), "%.*s", (int)file->content.size, file->content.data);
	return symlinkat(target, root, below(file->path)) < 0 && errno != EEXIST ? -errno : 0;
}

int net_file_write(int root, const struct net_file *file)
{
	int r = make_parents(root, file->path);

	if (r == 0)
		r = S_ISLNK(file->mode) ? make_link(root, file)
					: publish_file(root, below(file->path), file->mode,
						  file->content.data, file->content.size);
	return r < 0 ? cli_error(r, "%s", file->path) : 0;
}

int net_file_remove(int root, const struct net_file *file)
{
	int r = 0;

	if (file->lasts)
		r = publish_file(root, below(file->path), file->mode, "", 0);
	else if (unlinkat(root, below(file->path), 0) < 0 && errno != ENOENT)
		r = -errno;
	return r < 0 ? cli_error(r, "%s", file->path) : 0;
}
