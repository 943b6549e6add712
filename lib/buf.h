/*
 * A buffer that grows. A failed allocation is remembered and what follows is dropped, so that a
 * caller appends freely and asks once, at the end: `if (buf.failed) return -ENOMEM;`.
 */
#ifndef LIB_BUF_H
#define LIB_BUF_H

#include <stdbool.h>
#include <stddef.h>

/* Starts as {0}. data is NULL while size is 0, and is not NUL-terminated. */
struct buf {
	char *data;
	size_t size, capacity;
	bool failed;
};

/* Make room for n more bytes. Returns where they go, or NULL; the caller then adds to size. */
char *buf_room(struct buf *buf, size_t n);

void buf_add(struct buf *buf, const void *data, size_t n);
void buf_puts(struct buf *buf, const char *text);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Append text as one word of a shell: within quotes. */
void buf_add_word(struct buf *buf, const char *text);

/* Free the bytes and leave an empty buffer. */
void buf_free(struct buf *buf);
#define AUTO_BUF __attribute__((cleanup(buf_free)))

/*
 * Append what can be read from fd until its end, at most limit bytes. Returns 0, -EFBIG if there is
 * more, -ENOMEM, or the error of read(2). Does not close fd.
 */
int buf_read(struct buf *buf, int fd, size_t limit);

#endif
