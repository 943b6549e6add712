#include "agent/share/share-reader.h"

#include <errno.h>
#include <string.h>

#include "agent/fetch/url.h"

int share_reader_open(const char *spec, struct share_reader **source)
{
	return strncmp(spec, NFS_URL_PREFIX, strlen(NFS_URL_PREFIX)) == 0
		       ? share_nfs_open(spec, source)
		       : share_directory_open(spec, source);
}

void share_reader_close(struct share_reader *source)
{
	if (source)
		source->close(source);
}

int share_reader_read(struct share_reader *source, const char *path, size_t limit, struct buf *out)
{
	return source->read(source, path, limit, out);
}

int share_reader_fetch(struct share_reader *source, const struct share_fetch *fetch)
{
	return source->fetch(source, fetch);
}

const char *share_reader_fault(int error)
{
	switch (error) {
	case -ELOOP:
		return "a symbolic link, which is not followed";
	case -EISDIR:
		return "a directory in place of a file";
	case -EINVAL:
		return "not a regular file";
	case -EFBIG:
		return "larger than it may be";
	default:
		return NULL;
	}
}
