/* Three texts into one, by diff3(1). */
#ifndef AGENT_MERGE_MERGE_TEXT_H
#define AGENT_MERGE_MERGE_TEXT_H

#include "lib/buf.h"

/*
 * mine with the changes from base to theirs, into *out. Returns 0 if the merge is clean, 1 if it
 * has conflicts (*out then has markers), or -errno; -ENOENT: diff3 is not installed.
 */
int merge_text(
	const struct buf *mine, const struct buf *base, const struct buf *theirs, struct buf *out);

/*
 * A file in memory with these bytes (NULL: empty), for a program that takes files by name: path is
 * set to the one by which it is opened. Returns its fd, which the caller closes and the program has
 * to inherit, or -errno.
 */
int merge_text_file(const struct buf *bytes, char path[static 32]);

#endif
