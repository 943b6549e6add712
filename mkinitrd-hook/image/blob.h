/*
 * Whole files in memory: an initrd and all its files are a few megabytes.
 */
#ifndef MKINITRD_HOOK_BLOB_H
#define MKINITRD_HOOK_BLOB_H

#include "lib/buf.h"

#include <stddef.h>
#include <sys/types.h>

/* Bytes and their owner: blob_free(), or the cleanup attribute BLOB. An all-zero blob is empty. */
struct blob {
	unsigned char *data;
	size_t size; /* bytes */
};

void blob_free(struct blob *blob);
#define BLOB __attribute__((cleanup(blob_free))) struct blob

/* The bytes of a buffer, which is then empty. */
struct blob blob_take(struct buf *buf);

/* A buffer of at most limit bytes. Starts with the limit only; the buffer is the owner's to free.
 */
struct sink {
	struct buf buf;
	size_t limit;
};

/*
 * Make room for at least one more byte: *room bytes at *at. Returns 0, -EFBIG if the limit is
 * passed, -ENOMEM.
 */
int sink_room(struct sink *sink, unsigned char **at, size_t *room);

/* n bytes of that room are filled. */
void sink_filled(struct sink *sink, size_t n);

/* Append. Returns 0, -EFBIG, -ENOMEM. */
int sink_add(struct sink *sink, const void *data, size_t n);

/*
 * Read a regular file of at most limit bytes. Returns 0, -EFBIG if it is longer, -EINVAL if it is
 * not a regular file, or another -errno; *blob is set only on success.
 */
int blob_read(const char *path, size_t limit, struct blob *blob);

/*
 * Make path hold exactly the blob, with this mode: written to a new file in the same directory,
 * synced, renamed, the directory synced. After an error (-errno) path is what it was before (the
 * new file, if the last sync alone failed) and nothing else is left; signals that end a program are
 * blocked meanwhile.
 */
int blob_publish(const struct blob *blob, const char *path, mode_t mode);

#endif
