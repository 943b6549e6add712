#include "initrd/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/io.h"

ssize_t file_read(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	buffer[0] = '\0';
	if (fd < 0)
		return -errno;
	n = read(fd, buffer, size - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return n;
	if (n > 0 && buffer[n - 1] == '\n')
		n--;
	buffer[n] = '\0';
	return n;
}

static int write_text(const char *path, int flags, mode_t mode, const char *text, bool synced)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, mode);
	int rc;

	if (fd < 0)
		return -errno;
	rc = io_write(fd, text, strlen(text));
	if (rc == 0 && synced && fsync(fd) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

int file_write(const char *path, mode_t mode, const char *text)
{
	return write_text(path, O_TRUNC, mode, text, false);
}

static int sync_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 || fsync(fd) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return rc;
}

int file_replace(const char *path, mode_t mode, const char *text)
{
	char temporary[512];
	int n = snprintf(temporary, sizeof(temporary), "%s.xf-new", path), rc;

	if (n < 0 || (size_t)n >= sizeof(temporary))
		return -ENAMETOOLONG;
	/* Of a call that was cut off. */
	if (unlink(temporary) < 0 && errno != ENOENT)
		return -errno;
	rc = write_text(temporary, O_EXCL, mode, text, true);
	if (rc == 0 && rename(temporary, path) < 0)
		rc = -errno;
	if (rc < 0) {
		unlink(temporary);
		return rc;
	}
	*(strrchr(temporary, '/') + 1) = '\0';
	return sync_directory(temporary);
}

int file_format(const char *path, mode_t mode, const char *fmt, ...)
{
	char text[FILE_FORMAT_MAX];
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return n < 0 || (size_t)n >= sizeof(text) ? -ENOSPC : file_write(path, mode, text);
}

static int copy_bytes(int from, int to)
{
	char buffer[4096];
	ssize_t n;
	int rc = 0;

	while (rc == 0 && (n = read(from, buffer, sizeof(buffer))) != 0)
		rc = n < 0 ? -errno : io_write(to, buffer, n);
	return rc;
}

int file_copy(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out, rc;
	struct stat st;

	if (in < 0)
		return -errno;
	if (fstat(in, &st) < 0 || (out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
					   st.st_mode & 07777)) < 0) {
		rc = -errno;
		close(in);
		return rc;
	}
	rc = copy_bytes(in, out);
	close(out);
	close(in);
	return rc;
}

int file_make_dirs(const char *path)
{
	char part[512];
	size_t n = strlen(path);

	if (n >= sizeof(part))
		return -ENAMETOOLONG;
	for (size_t i = 1; i <= n; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}
