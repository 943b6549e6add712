/* The contents of files: kept in the state directory, here, or on the share; always verified. */
#ifndef AGENT_RUN_CONTENT_H
#define AGENT_RUN_CONTENT_H

#include "agent/run/run.h"

/* That of a path of a generation's manifest: kept, or read from the share. Returns 0 or -errno. */
int content_read(const struct run *run, uint32_t generation, const struct manifest_entry *e,
	struct buf *out);

/*
 * That of an entry of the base, which may be of an older generation than the one that was applied
 * last: kept, or read from the newest generation of the share that has it. Returns 0 or -errno.
 */
int content_read_base(const struct run *run, const struct manifest_entry *e, struct buf *out);

/* That of a local file, as the scan saw it. Returns 0, -ESTALE if it was changed, or -errno. */
int content_read_local(int root, const struct manifest_entry *e, struct buf *out);

#endif
