#include "mkinitrd-hook/unpack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *suffix;
	unpack_fn *decode;
} ways[] = { { ".gz", unpack_zlib }, { ".xz", unpack_xz }, { ".zst", unpack_zstd } };

#define WAYS (sizeof(ways) / sizeof(*ways))

static size_t find_way(const char *name)
{
	size_t length = strlen(name), i;

	for (i = 0; i < WAYS; i++) {
		size_t n = strlen(ways[i].suffix);

		if (length > n && !strcmp(name + length - n, ways[i].suffix))
			break;
	}
	return i;
}

size_t unpack_stem(const char *name)
{
	size_t way = find_way(name);

	return strlen(name) - (way < WAYS ? strlen(ways[way].suffix) : 0);
}

/* None of the formats reliably says its unpacked size: try with more room until it fits. */
int unpack(const char *name, size_t limit, struct blob *blob)
{
	size_t way = find_way(name);
	size_t room = blob->size * 4 + 4096;
	ssize_t n;

	if (way == WAYS)
		return 0;
	for (;; room *= 2) {
		unsigned char *out;

		if (room > limit)
			room = limit;
		out = malloc(room);
		if (!out)
			return -ENOMEM;
		n = ways[way].decode(blob, out, room);
		if (n >= 0) {
			blob_free(blob);
			*blob = (struct blob){ out, n };
			return 0;
		}
		free(out);
		if (n != -ENOBUFS)
			return n;
		if (room == limit)
			return -EFBIG;
	}
}
