#include "mkinitrd-hook/image/codec.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#define GZIP (MAX_WBITS + 16) /* windowBits for RFC 1952 */

/*
 * deflateInit2()'s memLevel. Less memory means shorter blocks with codes of their own, which suits
 * the many small and different sections of kernel modules: 6 packs them 2.2 % smaller than 9, 1.3 %
 * than 8.
 */
#define MEMORY_LEVEL 6

static int unpack(const struct blob *in, struct sink *out, size_t *used)
{
	z_stream z = { .next_in = in->data, .avail_in = in->size };
	int rc, status = Z_OK;
	size_t room;

	if (in->size > UINT_MAX)
		return -EFBIG;
	if (inflateInit2(&z, GZIP) != Z_OK)
		return -ENOMEM;
	while (!(rc = sink_room(out, &z.next_out, &room)) && status == Z_OK) {
		if (room > UINT_MAX)
			room = UINT_MAX;
		z.avail_out = room;
		status = inflate(&z, Z_NO_FLUSH);
		sink_filled(out, room - z.avail_out);
	}
	*used = in->size - z.avail_in;
	inflateEnd(&z);
	if (rc || status == Z_STREAM_END)
		return rc;
	return status == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
}

static int pack(const struct blob *in, int level, struct blob *out)
{
	z_stream z = { .next_in = in->data, .avail_in = in->size };
	size_t room;
	int rc;

	if (in->size > UINT_MAX)
		return -EFBIG;
	if (deflateInit2(&z, level, Z_DEFLATED, GZIP, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
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

const struct codec codec_gzip = {
	.name = "gzip",
	.suffix = ".gz",
	.magic = { 0x1f, 0x8b },
	.magic_size = 2,
	.level = 9,
	.level_max = 9,
	.unpack = unpack,
	.pack = pack,
};
