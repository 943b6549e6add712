/*
 * Where a share is read from: a directory (mounted or local), or an NFS server. What is read is not
 * trusted: callers check signature and digests.
 */
#ifndef AGENT_SHARE_SHARE_READER_H
#define AGENT_SHARE_SHARE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

struct share_reader;

/* source is a directory, an NFS URL (fetch/url.h), or NULL: there is no share. It is not opened
 * yet. NULL without memory. */
struct share_reader *share_reader_new(const char *source);
void share_reader_free(struct share_reader *reader);

/* Is it an NFS URL? */
bool share_reader_is_remote(const char *source);

/*
 * Open it, before the first read. It is tried once; later calls return the same. Returns 0;
 * -ENODEV: there is no share; -EINVAL: a wrong URL, after a message; or -errno.
 */
int share_reader_open(struct share_reader *reader);

/* A whole file of at most limit bytes, appended to *out. Returns 0, -EFBIG, or -errno. */
int share_reader_read(struct share_reader *reader, const char *path, size_t limit, struct buf *out);

/*
 * Many files at once. path(i, arg) names them, 0 ≤ i < n. data is called with the content of file
 * i, piece by piece, and last with size 0 and error 0; or once with an error (-errno) instead.
 * Pieces of several files may alternate. A non-zero return of data stops, and is returned.
 */
struct share_fetch {
	size_t n;
	const char *(*path)(size_t i, void *arg);
	int (*data)(size_t i, const void *data, size_t size, int error, void *arg);
	void *arg;
};
int share_reader_fetch(struct share_reader *reader, const struct share_fetch *fetch);

/*
 * What is wrong with a file of the share, by the error of reading it (static text); NULL: it could
 * not be reached.
 */
const char *share_reader_fault(int error);

/* --- for the kinds of shares: what an open one can do --- */

struct share_access {
	int (*read)(struct share_access *access, const char *path, size_t limit, struct buf *out);
	int (*fetch)(struct share_access *access, const struct share_fetch *fetch);
	void (*close)(struct share_access *access);
};

/* Return 0 and *access, or -errno. */
int share_directory_open(const char *path, struct share_access **access);
int share_nfs_open(const char *url, struct share_access **access);

#endif
