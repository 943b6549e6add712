#include "lib/xattrs.h"

#include <errno.h>
#include <linux/limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

/* A record: the name with its NUL, the value's size as uint32_t, the value. */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names, sorted, in name; they live in names. Returns how many, or -errno. */
static int sorted_names(int fd, char names[static XATTR_LIST_MAX], const char ***name)
{
	ssize_t size = flistxattr(fd, names, XATTR_LIST_MAX);
	int n = 0;

	*name = NULL;
	if (size <= 0)
		return size == 0 || errno == EOPNOTSUPP ? 0 : -errno;
	for (const char *at = names; at < names + size; at += strlen(at) + 1)
		n++;
	*name = calloc((size_t)n, sizeof(**name));
	if (!*name)
		return -ENOMEM;
	n = 0;
	for (const char *at = names; at < names + size; at += strlen(at) + 1)
		(*name)[n++] = at;
	qsort(*name, (size_t)n, sizeof(**name), by_name);
	return n;
}

static int add_record(int fd, const char *name, struct buf *out)
{
	char value[XATTR_SIZE_MAX];
	ssize_t size = fgetxattr(fd, name, value, sizeof(value));
	uint32_t n = (uint32_t)size;

	if (size < 0)
		return -errno;
	buf_add(out, name, strlen(name) + 1);
	buf_add(out, &n, sizeof(n));
	buf_add(out, value, n);
	return out->failed ? -ENOMEM : 0;
}

int xattrs_read(int fd, struct buf *out)
{
	char names[XATTR_LIST_MAX];
	const char **name;
	int n = sorted_names(fd, names, &name), r = n < 0 ? n : 0;

	for (int i = 0; i < n && r == 0; i++)
		r = add_record(fd, name[i], out);
	free(name);
	return r;
}

/* Cut the next record off; false at the end. */
static bool next(
	const char **at, const char *end, const char **name, const char **value, uint32_t *n)
{
	if (*at == end)
		return false;
	*name = *at;
	*at += strlen(*at) + 1;
	memcpy(n, *at, sizeof(*n));
	*value = *at + sizeof(*n);
	*at = *value + *n;
	return true;
}

int xattrs_copy(int from, int to)
{
	AUTO_BUF struct buf wanted = { 0 }, present = { 0 };
	const char *at, *name, *value;
	uint32_t n;
	int r = xattrs_read(from, &wanted);

	if (r == 0)
		r = xattrs_read(to, &present);
	if (r < 0 ||
		(wanted.size == present.size &&
			(wanted.size == 0 || memcmp(wanted.data, present.data, wanted.size) == 0)))
		return r;
	at = present.data;
	while (next(&at, present.data + present.size, &name, &value, &n))
		if (fgetxattr(from, name, NULL, 0) < 0 && fremovexattr(to, name) < 0)
			return -errno;
	at = wanted.data;
	while (next(&at, wanted.data + wanted.size, &name, &value, &n))
		if (fsetxattr(to, name, value, n, 0) < 0)
			return -errno;
	return 0;
}
