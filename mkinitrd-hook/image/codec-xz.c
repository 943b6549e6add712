#include "mkinitrd-hook/image/codec.h"

#include <errno.h>
#include <lzma.h>
#include <stdlib.h>

#define MEMORY_MAX (128u << 20) /* bytes; xz -9 needs 65 MiB to unpack */

static int unpack(const struct blob *in, struct sink *out, size_t *used)
{
	lzma_stream xz = LZMA_STREAM_INIT;
	lzma_ret status = LZMA_OK;
	size_t room;
	int rc;

	if (lzma_stream_decoder(&xz, MEMORY_MAX, 0) != LZMA_OK)
		return -ENOMEM;
	xz.next_in = in->data;
	xz.avail_in = in->size;
	while (!(rc = sink_room(out, &xz.next_out, &room)) && status == LZMA_OK) {
		xz.avail_out = room;
		status = lzma_code(&xz, LZMA_FINISH);
		sink_filled(out, room - xz.avail_out);
	}
	*used = in->size - xz.avail_in;
	lzma_end(&xz);
	if (rc || status == LZMA_STREAM_END)
		return rc;
	return status == LZMA_MEM_ERROR || status == LZMA_MEMLIMIT_ERROR ? -ENOMEM : -EBADMSG;
}

/* CRC32: the kernel's decoder knows no CRC64, which xz(1) writes by default. */
static int pack(const struct blob *in, int level, struct blob *out)
{
	size_t room = lzma_stream_buffer_bound(in->size);

	out->data = malloc(room);
	if (!room || !out->data)
		return -ENOMEM;
	return lzma_easy_buffer_encode((uint32_t)level, LZMA_CHECK_CRC32, NULL, in->data, in->size,
		       out->data, &out->size, room) == LZMA_OK
		       ? 0
		       : -ENOMEM;
}

const struct codec codec_xz = {
	.name = "xz",
	.suffix = ".xz",
	.magic = { 0xfd, '7', 'z', 'X', 'Z', 0 },
	.magic_size = 6,
	.level = 6,
	.level_max = 9,
	.unpack = unpack,
	.pack = pack,
};
