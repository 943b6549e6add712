#include "mkinitrd-hook/unpack.h"

#include <errno.h>
#include <zstd.h>
#include <zstd_errors.h>

ssize_t unpack_zstd(const struct blob *in, void *out, size_t room)
{
	size_t made = ZSTD_decompress(out, room, in->data, in->size);

	switch (ZSTD_getErrorCode(made)) {
	case ZSTD_error_no_error:
		return made;
	case ZSTD_error_dstSize_tooSmall:
		return -ENOBUFS;
	case ZSTD_error_memory_allocation:
		return -ENOMEM;
	default:
		return -EBADMSG;
	}
}
