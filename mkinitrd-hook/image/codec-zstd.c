#include "mkinitrd-hook/image/codec.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

static int error_of(size_t result)
{
	return ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation ? -ENOMEM : -EBADMSG;
}

/* One frame. Done without having done anything means that the rest is missing. */
static int unpack_frame(ZSTD_DStream *zstd, const struct blob *in, struct sink *out, size_t *used)
{
	ZSTD_inBuffer from = { in->data, in->size, 0 };
	size_t left = 1, room;
	unsigned char *at;
	int rc;

	while (!(rc = sink_room(out, &at, &room)) && left) {
		ZSTD_outBuffer to = { at, room, 0 };
		size_t before = from.pos;

		left = ZSTD_decompressStream(zstd, &to, &from);
		if (ZSTD_isError(left))
			return error_of(left);
		if (left && !to.pos && from.pos == before)
			return -EBADMSG;
		sink_filled(out, to.pos);
	}
	*used = from.pos;
	return rc;
}

static int unpack(const struct blob *in, struct sink *out, size_t *used)
{
	ZSTD_DStream *zstd = ZSTD_createDStream();
	int rc = zstd ? unpack_frame(zstd, in, out, used) : -ENOMEM;

	ZSTD_freeDStream(zstd);
	return rc;
}

static int pack(const struct blob *in, int level, struct blob *out)
{
	size_t room = ZSTD_compressBound(in->size), made;

	out->data = malloc(room);
	if (!out->data)
		return -ENOMEM;
	made = ZSTD_compress(out->data, room, in->data, in->size, level);
	if (ZSTD_isError(made))
		return error_of(made);
	out->size = made;
	return 0;
}

const struct codec codec_zstd = {
	.name = "zstd",
	.suffix = ".zst",
	.magic = { 0x28, 0xb5, 0x2f, 0xfd },
	.magic_size = 4,
	.level = 19,
	.level_max = 19,
	.unpack = unpack,
	.pack = pack,
};
