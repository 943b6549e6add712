#include "mkinitrd-hook/unpack.h"

#include <errno.h>
#include <lzma.h>

#define MEMORY_MAX (128u << 20) /* bytes; xz -9 needs 65 MiB to unpack */

ssize_t unpack_xz(const struct blob *in, void *out, size_t room)
{
	lzma_stream xz = LZMA_STREAM_INIT;
	ssize_t made;
	lzma_ret rc;

	if (lzma_stream_decoder(&xz, MEMORY_MAX, 0) != LZMA_OK)
		return -ENOMEM;
	xz.next_in = in->data;
	xz.avail_in = in->size;
	xz.next_out = out;
	xz.avail_out = room;
	rc = lzma_code(&xz, LZMA_FINISH);
	made = (ssize_t)xz.total_out;
	lzma_end(&xz);
	if (rc == LZMA_STREAM_END)
		return xz.avail_in ? -EBADMSG : made;
	if (rc == LZMA_MEM_ERROR || rc == LZMA_MEMLIMIT_ERROR)
		return -ENOMEM;
	return rc == LZMA_OK && xz.avail_out == 0 ? -ENOBUFS : -EBADMSG;
}
