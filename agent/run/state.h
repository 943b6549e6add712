/*
 * The state directory, /var/lib/xenfarm; docs/reconcile.md, "the state directory", says what is in
 * it. Of those that change it, one at a time holds its lock.
 */
#ifndef AGENT_RUN_STATE_H
#define AGENT_RUN_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/manifest/manifest-delta.h"
#include "lib/paths.h"

#define STATE_BASE        "base.mtree.gz"
#define STATE_NEW         "new.mtree.gz"
#define STATE_DELTA       "new.delta.gz"  /* from STATE_NEW to what was applied */
#define STATE_NEXT        "next.mtree.gz" /* these two, of a run that is not finished */
#define STATE_NEXT_DELTA  "next.delta.gz"
#define STATE_STATUS      "status"
#define STATE_CACHE       "stat.cache"
#define STATE_CONTENTS    "contents"
#define STATE_CONTENT_MAX (64u << 10) /* bytes of a file that is kept for later merges */

struct state_status {
	char share[MANIFEST_UUID_MAX];
	uint32_t generation;  /* the one that was applied; 0: none yet */
	uint32_t rolled_back; /* the generation that was rolled back; 0: none */
	uint32_t conflicts;   /* pending */
	uint32_t deferred;    /* paths */
	int64_t checked;      /* seconds since 1970 */
};

/*
 * Open the state directory: path, or PATH_STATE below the root if path is NULL. With create it is
 * made if it is missing, and locked; *lock is closed by the caller. Without, *lock is -1. Returns
 * an fd; -EWOULDBLOCK: another process holds the lock; -ENOENT; or -errno.
 */
int state_open(int root, const char *path, bool create, int *lock);

/* Remove the temporary files that an interrupted run has left in a directory. */
void state_sweep(int directory);

/*
 * Open a file of the state directory for reading; dir is that, or one below it. Returns an fd;
 * -EBADMSG: not a regular file; or -errno. Never waits, as open(2) does for a fifo.
 */
int state_open_file(int dir, const char *path);

/* All of it, appended to *out. 0, -EFBIG, or -errno as above. */
int state_read_file(int dir, const char *path, size_t limit, struct buf *out);

/* Parse: no I/O. Unknown keys are ignored. */
void state_status_parse(const char *text, size_t n, struct state_status *status);
/* Without the file, or without a directory (-1), it is that of a blank client. */
int state_status_read(int state, struct state_status *status);
int state_status_write(int state, const struct state_status *status);
void state_status_format(const struct state_status *status, struct buf *out);

/* A manifest in dir. 0 or -errno; -EBADMSG with error->rule. */
int state_read_manifest(
	int dir, const char *name, struct manifest **manifest, struct manifest_error *error);

/* A manifest of the state directory; an empty one if the file is missing. Returns 0 or -errno. */
int state_manifest(
	int state, const char *name, struct manifest **manifest, struct manifest_error *error);
/* The delta in a file of the state directory. 0 or -errno; -EBADMSG with error->rule. */
int state_delta(
	int state, const char *name, struct manifest_delta *delta, struct manifest_error *error);
int state_manifest_write(int state, const char *name, const struct manifest *manifest);

/* Is this entry's content kept? Small files below etc/ are, account files of any size. */
bool state_keeps(const struct manifest_entry *e);

/* A kept content, verified. 0; -ENOENT: not kept, or damaged; -errno. */
int state_content(int state, const struct manifest_entry *e, struct buf *out);
bool state_has_content(int state, const struct manifest_entry *e);

/*
 * For a transaction, which fills STATE_CONTENTS in its directory: a new file for e's content.
 * Returns an fd, open for writing; -EEXIST; or -errno. Not synced.
 */
int state_content_make(int dir, const struct manifest_entry *e);
int state_content_drop(int dir, const struct manifest_entry *e);
/* Move all of them to the state directory. May be repeated. Returns 0 or -errno. */
int state_contents_take(int state, int dir);

/* Remove the contents that no entry of base refers to. */
void state_contents_prune(int state, const struct manifest *base);

#endif
