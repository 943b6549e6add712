#include "lib/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *buf_room(struct buf *buf, size_t n)
{
	size_t capacity = buf->capacity ? buf->capacity : 256;
	char *data;

	if (buf->failed)
		return NULL;
	if (buf->data && n <= buf->capacity - buf->size)
		return buf->data + buf->size;
	while (capacity - buf->size < n && capacity <= SIZE_MAX / 2)
		capacity *= 2;
	data = capacity - buf->size < n ? NULL : realloc(buf->data, capacity);
	if (!data) {
		buf->failed = true;
		return NULL;
	}
	buf->data = data;
	buf->capacity = capacity;
	return data + buf->size;
}

void buf_add(struct buf *buf, const void *data, size_t n)
{
	char *room = n ? buf_room(buf, n) : NULL;

	if (room) {
		memcpy(room, data, n);
		buf->size += n;
	}
}

void buf_puts(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list ap, again;
	char *room;
	int n;

	va_start(ap, format);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, ap);
	room = n < 0 ? NULL : buf_room(buf, (size_t)n + 1);
	if (room) {
		vsnprintf(room, (size_t)n + 1, format, again);
		buf->size += (size_t)n;
	} else {
		buf->failed = true;
	}
	va_end(again);
	va_end(ap);
}

void buf_add_word(struct buf *buf, const char *text)
{
	buf_puts(buf, "'");
	for (; *text; text++)
		if (*text == '\'')
			buf_puts(buf, "'\\''");
		else
			buf_add(buf, text, 1);
	buf_puts(buf, "'");
}

void buf_free(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){ 0 };
}

int buf_read(struct buf *buf, int fd, size_t limit)
{
	size_t total = 0;
	ssize_t n;

	for (;;) {
		char *room = buf_room(buf, 65536);

		if (!room)
			return -ENOMEM;
		n = read(fd, room, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		total += (size_t)n;
		if (total > limit)
			return -EFBIG;
		buf->size += (size_t)n;
	}
}
