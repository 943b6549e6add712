/*
 * STATE/trash/SERIAL: the records of transactions, by which they can be rolled back. Each has the
 * journal, the base as it was before, and under the number of a change what it replaced or removed;
 * what lay on another file system is there, see volume.h.
 */
#ifndef AGENT_TRANSACTION_TRASH_H
#define AGENT_TRANSACTION_TRASH_H

#include "agent/transaction/transaction.h"

/* The numbers of the records, ascending; *serial is the caller's to free. 0 or -errno. */
int trash_list(int state, uint32_t **serial, size_t *n);

/* Read one. Returns 0; or -errno with nothing to free, see journal_read(). */
int trash_read(int state, uint32_t serial, struct journal *journal);

/* Remove a record. May be repeated. Returns 0 or -errno. */
int trash_remove(int root, int state, uint32_t serial);

/* STATE/transaction becomes the newest record; the oldest ones are removed. 0 or -errno. */
int trash_add(const struct transaction *t);

/*
 * Where record SERIAL keeps what one of its changes replaced or removed: below the state directory,
 * or, if it begins with a '/', below the root.
 */
#define TRASH_OBJECT_MAX (MANIFEST_PATH_MAX + 64)
void trash_object(const struct journal *journal, uint32_t serial,
	const struct journal_record *record, char path[static TRASH_OBJECT_MAX]);

/* Open such a path, or one below it. An fd, or -errno. */
int trash_open_object(int root, int state, const char *path, int flags);

#endif
