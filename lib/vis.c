#include "lib/vis.h"

#include <errno.h>
#include <string.h>

static int plain(unsigned char c)
{
	return c > ' ' && c < 0x7f && !strchr("\\#=,\"*?[", c);
}

void vis_encode(struct buf *out, const char *bytes, size_t n)
{
	char *to = buf_room(out, 4 * n);
	const char *start = to;

	if (!to)
		return;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (plain(c)) {
			*to++ = (char)c;
			continue;
		}
		*to++ = '\\';
		*to++ = (char)('0' + (c >> 6));
		*to++ = (char)('0' + ((c >> 3) & 7));
		*to++ = (char)('0' + (c & 7));
	}
	out->size += (size_t)(to - start);
}

char *vis_string(const char *bytes)
{
	struct buf out = { 0 };

	vis_encode(&out, bytes, strlen(bytes));
	buf_add(&out, "", 1);
	if (out.failed)
		buf_free(&out);
	return out.data;
}

/* The byte of three octal digits, or -1; \000 is not a byte of a name. */
static int octal(const char *text)
{
	int c = 0;

	for (int i = 0; i < 3; i++) {
		if (text[i] < '0' || text[i] > '7')
			return -1;
		c = c * 8 + (text[i] - '0');
	}
	return c > 0 && c < 256 ? c : -1;
}

int vis_decode(char *text, size_t n, size_t *length)
{
	char *to = memchr(text, '\\', n), *from = to, *end = text + n;

	if (!to) {
		*end = '\0';
		*length = n;
		return 0;
	}
	while (from < end) {
		int c = (unsigned char)*from++;

		if (c == '\\') {
			c = end - from >= 3 ? octal(from) : -1;
			if (c < 0)
				return -EINVAL;
			from += 3;
		}
		*to++ = (char)c;
	}
	*to = '\0';
	*length = (size_t)(to - text);
	return 0;
}
