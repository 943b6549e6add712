/* Single inodes by their entries: made, compared, and given their metadata. */
#ifndef AGENT_TRANSACTION_INODE_H
#define AGENT_TRANSACTION_INODE_H

#include <stdbool.h>

#include "lib/digest.h"
#include "lib/ids.h"
#include "lib/manifest/manifest.h"

/*
 * Make name in directory as e has it, but for its metadata: a directory (0700), a link, a fifo, a
 * device, or an empty file (0600). Returns 0; for a file its fd, open for writing; or -errno.
 */
int inode_make(int directory, const char *name, const struct manifest_entry *e);

/*
 * write(2) until all is written, but leave whole blocks of zeros out, as a hole: the file's size
 * has to be set in the end. Returns 0 or -errno.
 */
int inode_write_sparse(int fd, const void *data, size_t n);

/*
 * Give name in directory e's owner, mode and attributes, in this order, as each change may undo the
 * one after it; attributes that e lacks are removed. A file's or directory's time is e's if
 * with_time. What is right already is not touched. Follows nothing. Returns 0 or -errno.
 */
int inode_set_metadata(int directory, const char *name, const struct manifest_entry *e,
	const struct ids *owners, bool with_time);

/* Has name in directory e's owner, group and mode? Another name of its inode may have got them. */
bool inode_has_metadata(int directory, const char *name, const struct manifest_entry *e);

/*
 * Finish an inode_set_metadata() from before to after that may have been interrupted, if owner,
 * group and mode are each before's or after's, or a mode is what chown(2) leaves of it. Returns 0;
 * -EBUSY: they are not; or -errno.
 */
int inode_finish_metadata(int directory, const char *name, const struct manifest_entry *before,
	const struct manifest_entry *after);

/*
 * If name in directory, a file that e describes, shares its inode with other names, it becomes a
 * copy of itself. Its owner is e's, by number. Returns 0 or -errno, with name as it was.
 */
int inode_unshare(int directory, const char *name, const struct manifest_entry *e);

#define INODE_CONTENT (1u << 0) /* type, and digest, link text or device number */
#define INODE_MODE    (1u << 1) /* mode, and the numbers of owner and group */

/*
 * Is name in directory as e has it, in these INODE_* parts? The content of a file is read. Two
 * directories have the same content. Returns 1; 0, also if it does not exist; or -errno.
 */
int inode_matches(
	int directory, const char *name, const struct manifest_entry *e, unsigned int parts);

/* Does a process have this file open for writing? By F_SETLEASE of fcntl(2). */
bool inode_is_written(int directory, const char *name);

#endif
