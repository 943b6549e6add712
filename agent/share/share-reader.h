/*
 * Where a share is read from: a directory (mounted or local), or an NFS server. What is read is not
 * trusted: callers check signature and digests.
 */
#ifndef AGENT_SOURCE_H
#define AGENT_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

struct source;

/*
 * spec is a directory or an NFS URL (fetch/url.h). Returns 0 and *source, or -errno; -EINVAL: an
 * URL with a mistake, which is told already.
 */
int source_open(const char *spec, struct source **source);
void source_close(struct source *source);

/* A whole file of at most limit bytes, appended to *out. Returns 0, -EFBIG, or -errno. */
int source_read(struct source *source, const char *path, size_t limit, struct buf *out);

/*
 * Many files at once. path(i, arg) names them, 0 ≤ i < n. data is called with the content of file
 * i, piece by piece, and last with size 0 and error 0; or once with an error (-errno) instead.
 * Pieces of several files may alternate. A non-zero return of data stops, and is returned.
 */
struct fetch {
	size_t n;
	const char *(*path)(size_t i, void *arg);
	int (*data)(size_t i, const void *data, size_t size, int error, void *arg);
	void *arg;
};
int source_fetch(struct source *source, const struct fetch *fetch);

/*
 * What is wrong with the share's file itself, by the error that reading it ended with (static
 * text); NULL if it may be well and could not be reached.
 */
const char *source_fault(int error);

/* --- for the kinds of sources --- */

struct source {
	int (*read)(struct source *source, const char *path, size_t limit, struct buf *out);
	int (*fetch)(struct source *source, const struct fetch *fetch);
	void (*close)(struct source *source);
};

int source_dir_open(const char *path, struct source **source);
int source_nfs_open(const char *url, struct source **source);

#endif
