#include "mkinitrd-hook/unpack.h"

#include <errno.h>
#include <lzma.h>

#define MEMORY_MAX (128u << 20) /* bytes; xz -9 needs 65 MiB to unpack */

ssize_t unpack_xz(const struct blob *in, void *out, size_t room)
{
	uint64_t memory = MEMORY_MAX;
	size_t from = 0, made = 0;

	switch (lzma_stream_buffer_decode(
		&memory, 0, NULL, in->data, &from, in->size, out, &made, room)) {
	case LZMA_OK:
		return from == in->size ? (ssize_t)made : -EBADMSG;
	case LZMA_BUF_ERROR: /* of the output, or a file that was cut off */
		return made == room ? -ENOBUFS : -EBADMSG;
	case LZMA_MEM_ERROR:
	case LZMA_MEMLIMIT_ERROR:
		return -ENOMEM;
	default:
		return -EBADMSG;
	}
}
