#include "farm/publish/passwords.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/publish/keeptime.h"
#include "farm/publish/same-file.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"
#include "lib/io.h"
#include "lib/publish.h"
#include "lib/xattrs.h"

#define BYTES_MAX (64u << 20)

/* passwd(5) and group(5) held the hashes in early systems, and still may. */
const char *const passwords_files[] = { "etc/passwd", "etc/group", "etc/shadow", "etc/gshadow",
	NULL };

static void blank_row(const char *row, size_t n, struct buf *out)
{
	const char *field = memchr(row, ':', n), *end;
	size_t locks = 0, size;

	/* "+" and "-" begin entries of NIS. */
	if (!field || row[0] == '#' || row[0] == '+' || row[0] == '-') {
		buf_add(out, row, n);
		return;
	}
	field++;
	end = memchr(field, ':', n - (size_t)(field - row));
	if (!end)
		end = row + n;
	size = (size_t)(end - field);
	while (locks < size && field[locks] == '!')
		locks++;
	if ((locks > 0 && locks == size) || (size == 1 && strchr("x*", *field))) {
		buf_add(out, row, n);
		return;
	}
	buf_add(out, row, (size_t)(field - row) + locks);
	buf_puts(out, "*");
	buf_add(out, end, n - (size_t)(end - row));
}

void passwords_blank(const char *text, size_t size, struct buf *out)
{
	while (size > 0) {
		const char *end = memchr(text, '\n', size);
		size_t n = end ? (size_t)(end - text) : size;

		blank_row(text, n, out);
		n += end != NULL;
		if (end)
			buf_puts(out, "\n");
		text += n;
		size -= n;
	}
}

/* The new file has owner, mode, attributes and times of the master's. */
static int write_blanked(int from, int directory, const char *name, const struct buf *text)
{
	AUTO_CLOSE int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct stat st;
	int r;

	if (fd < 0 || fstat(from, &st) < 0)
		return -errno;
	r = io_write(fd, text->data, text->size);
	if (r == 0 && geteuid() == 0 && fchown(fd, st.st_uid, st.st_gid) < 0)
		r = -errno;
	if (r == 0)
		r = xattrs_copy(from, fd);
	if (r < 0)
		return r;
	if (fchmod(fd, st.st_mode & 07777) < 0 ||
		futimens(fd, (struct timespec[]){ st.st_atim, st.st_mtim }) < 0)
		return -errno;
	return 0;
}

static int publish_one(int source, int to, int previous, const char *path)
{
	AUTO_CLOSE int from = fsroot_open(source, path, O_RDONLY | O_NOFOLLOW, 0);
	AUTO_CLOSE int directory = -1;
	AUTO_BUF struct buf text = { 0 }, blanked = { 0 };
	const char *name;
	int r;

	if (from == -ENOENT)
		return 0;
	if (from < 0)
		return from;
	directory = fsroot_parent(to, path, &name);
	if (directory < 0)
		return directory;
	KEEPTIME(directory);
	r = buf_read(&text, from, BYTES_MAX);
	if (r < 0)
		return r;
	passwords_blank(text.data, text.size, &blanked);
	if (blanked.failed)
		return -ENOMEM;
	r = write_blanked(from, directory, name, &blanked);
	return r == 0 ? same_file_link(previous, to, path) : r;
}

int passwords_publish(int source, int to, int previous)
{
	int r;

	for (const char *const *path = passwords_files; *path; path++) {
		r = publish_one(source, to, previous, *path);
		if (r == -ELOOP)
			return -cli_error(ELOOP,
				"%s of the master is a symbolic link, to a file that may hold "
				"passwords; replace it by a file",
				*path);
		if (r < 0)
			return cli_error(r, "cannot publish %s without its passwords", *path);
	}
	return 0;
}
