#include "agent/share/share-reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/fetch/url.h"

struct share_reader {
	const char *source;
	struct share_access *access;
	bool tried;
	int error; /* why it could not be opened: not tried again */
};

struct share_reader *share_reader_new(const char *source)
{
	struct share_reader *reader = calloc(1, sizeof(*reader));

	if (reader)
		reader->source = source;
	return reader;
}

void share_reader_free(struct share_reader *reader)
{
	if (reader && reader->access)
		reader->access->close(reader->access);
	free(reader);
}

bool share_reader_is_remote(const char *source)
{
	return strncmp(source, NFS_URL_PREFIX, strlen(NFS_URL_PREFIX)) == 0;
}

static int open_access(const char *source, struct share_access **access)
{
	if (!source)
		return -ENODEV;
	return share_reader_is_remote(source) ? share_nfs_open(source, access)
					      : share_directory_open(source, access);
}

int share_reader_open(struct share_reader *reader)
{
	if (!reader->tried)
		reader->error = open_access(reader->source, &reader->access);
	reader->tried = true;
	return reader->error;
}

int share_reader_read(struct share_reader *reader, const char *path, size_t limit, struct buf *out)
{
	return reader->access->read(reader->access, path, limit, out);
}

int share_reader_fetch(struct share_reader *reader, const struct share_fetch *fetch)
{
	return reader->access->fetch(reader->access, fetch);
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
