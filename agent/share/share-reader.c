#include "agent/share/share-reader.h"

#include <errno.h>
#include <string.h>

#include "agent/fetch/url.h"

int source_open(const char *spec, struct source **source)
{
	return strncmp(spec, NFS_URL_PREFIX, strlen(NFS_URL_PREFIX)) == 0
		       ? source_nfs_open(spec, source)
		       : source_dir_open(spec, source);
}

void source_close(struct source *source)
{
	if (source)
		source->close(source);
}

int source_read(struct source *source, const char *path, size_t limit, struct buf *out)
{
	return source->read(source, path, limit, out);
}

int source_fetch(struct source *source, const struct fetch *fetch)
{
	return source->fetch(source, fetch);
}

const char *source_fault(int error)
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
