/*
 * Atomic creation and replacement of a file: temporary file, fsync, rename, fsync of the directory.
 * The file that had the name before stays until then. After SIGKILL or a power cut a temporary
 * ".xf-*" may stay behind: see publish_is_temporary().
 */
#ifndef LIB_PUBLISH_H
#define LIB_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct publish {
	int fd; /* write the content here */
	int directory;
	const char *name;
	char temporary[24];
};

/*
 * Begin to write path, relative to dir (or AT_FDCWD); path stays valid until commit or abort. mode
 * does not depend on the umask. Returns 0, or -errno; -EEXIST if path exists and is not a regular
 * file (rename would replace a device, a socket or a link).
 */
int publish_begin(struct publish *publish, int dir, const char *path, mode_t mode);

/*
 * Returns 0, or -errno: the file is not published, or not certain to survive a power cut. Either
 * way all is closed and cleaned up.
 */
int publish_commit(struct publish *publish);
void publish_abort(struct publish *publish);

/* Write and publish bytes in memory. Returns 0 or -errno. */
int publish_file(int dir, const char *path, mode_t mode, const void *data, size_t n);

/* The same, relative to the working directory, and replaces anything but a directory, as
 * rename(2) does. */
int publish_replace(const char *path, mode_t mode, const void *data, size_t n);

/* Is it the name of such a temporary file? It can be removed where no other process publishes. */
bool publish_is_temporary(const char *name);

#endif
