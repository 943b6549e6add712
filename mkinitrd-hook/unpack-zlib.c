#include "mkinitrd-hook/unpack.h"

#include <errno.h>
#include <zlib.h>

ssize_t unpack_zlib(const struct blob *in, void *out, size_t room)
{
	z_stream z = {
		.next_in = in->data, .avail_in = in->size, .next_out = out, .avail_out = room
	};
	ssize_t made;
	int rc;

	if (inflateInit2(&z, MAX_WBITS + 16) != Z_OK)
		return -ENOMEM;
	rc = inflate(&z, Z_FINISH);
	made = z.total_out;
	inflateEnd(&z);
	if (rc == Z_STREAM_END)
		return z.avail_in ? -EBADMSG : made;
	if (rc == Z_BUF_ERROR && z.avail_out == 0)
		return -ENOBUFS;
	return rc == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
}
