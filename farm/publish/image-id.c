#include "farm/publish/image-id.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/publish/keeptime.h"
#include "farm/publish/same-file.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"
#include "lib/io.h"
#include "lib/xattrs.h"

#define BYTES_MAX 65536
#define TEMPORARY ".xenfarm-os-release"
#define ID        "IMAGE_ID="
#define VERSION   "IMAGE_VERSION="

/* Mostly the second is a link to the first. */
static const char *const files[] = { "usr/lib/os-release", "etc/os-release" };

static bool begins_with(const char *line, size_t n, const char *word)
{
	return n >= strlen(word) && memcmp(line, word, strlen(word)) == 0;
}

void image_id_set(const char *text, size_t size, uint32_t number, struct buf *out)
{
	bool has_id = false;

	while (size > 0) {
		const char *end = memchr(text, '\n', size);
		size_t n = end ? (size_t)(end - text) + 1 : size;

		has_id |= begins_with(text, n, ID);
		if (!begins_with(text, n, VERSION))
			buf_add(out, text, n);
		if (!end)
			buf_puts(out, "\n");
		text += n;
		size -= n;
	}
	if (!has_id)
		buf_puts(out, ID "xenfarm\n");
	buf_printf(out, VERSION "%" PRIu32 "\n", number);
}

/* Its time is now: whoever compares files by size and time has to see that it is another one. */
static int write_new(int directory, int like, const struct buf *text)
{
	AUTO_CLOSE int fd =
		openat(directory, TEMPORARY, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct stat st;
	int r;

	if (fd < 0 || fstat(like, &st) < 0)
		return -errno;
	r = io_write(fd, text->data, text->size);
	if (r == 0 && geteuid() == 0 && fchown(fd, st.st_uid, st.st_gid) < 0)
		r = -errno;
	if (r == 0)
		r = xattrs_copy(like, fd);
	return r == 0 && fchmod(fd, st.st_mode & 07777) < 0 ? -errno : r;
}

static int replace(int directory, const char *name, uint32_t number)
{
	AUTO_CLOSE int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	AUTO_BUF struct buf text = { 0 }, out = { 0 };
	int r = fd < 0 ? -errno : buf_read(&text, fd, BYTES_MAX);

	if (r < 0)
		return r;
	image_id_set(text.data, text.size, number, &out);
	r = out.failed ? -ENOMEM : write_new(directory, fd, &out);
	if (r == 0 && renameat(directory, TEMPORARY, directory, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(directory, TEMPORARY, 0);
	return r;
}

/* A rollback has the tree of an older generation, with that one's number. 0: none. */
static uint32_t number_of(int tree, const char *path)
{
	AUTO_CLOSE int fd =
		tree < 0 ? -ENOENT : fsroot_open(tree, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	AUTO_BUF struct buf text = { 0 };
	const char *found;

	buf_puts(&text, "\n");
	if (fd < 0 || buf_read(&text, fd, BYTES_MAX) < 0)
		return 0;
	buf_add(&text, "", 1);
	found = text.failed ? NULL : strstr(text.data, "\n" VERSION);
	return found ? (uint32_t)strtoul(found + 1 + strlen(VERSION), NULL, 10) : 0;
}

static int note(int to, const char *path, struct treelist_entry *e)
{
	struct stat st;

	if (fstatat(to, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	e->ino = st.st_ino;
	e->nlink = st.st_nlink;
	e->size = (uint64_t)st.st_size;
	e->blocks = (uint64_t)st.st_blocks;
	e->mtime = st.st_mtim;
	e->ctime = st.st_ctim;
	return 0;
}

static int publish_one(int to, int previous, uint32_t number, struct treelist_entry *e)
{
	const char *name;
	AUTO_CLOSE int directory = fsroot_parent(to, e->path, &name);
	int r;

	if (directory < 0)
		return directory;
	KEEPTIME(directory);
	r = replace(directory, name, number ? number : number_of(previous, e->path));
	if (r == 0)
		r = same_file_link(previous, to, e->path);
	return r == 0 ? note(to, e->path, e) : r;
}

int image_id_publish(int to, struct treelist *tree, int previous, uint32_t number)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct treelist_entry *e = treelist_find(tree, files[i], strlen(files[i]));
		int r = e && S_ISREG(e->mode) ? publish_one(to, previous, number, e) : 0;

		if (r < 0)
			return cli_error(r, "the generation's number, in %s", files[i]);
	}
	return 0;
}
