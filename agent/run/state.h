/*
 * The state directory, /var/lib/xenfarm; docs/reconcile.md, "the state directory", says what is in
 * it. Of those that change it, one at a time holds its lock.
 */
#ifndef AGENT_RUN_STATE_H
#define AGENT_RUN_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/manifest/manifest.h"
#include "lib/paths.h"

#define STATE_BASE        "base.mtree.gz"
#define STATE_NEW         "new.mtree.gz"
#define STATE_NEXT        "next.mtree.gz" /* fetched, by a run that is not done yet */
#define STATE_STATUS      "status"
#define STATE_CACHE       "stat.cache"
#define STATE_CONTENTS    "contents"
#define STATE_CONTENT_MAX (64u << 10) /* bytes of a file that is kept for later merges */

struct state_status {
	char share[MANIFEST_UUID_MAX];
	uint32_t generation;  /* applied; 0: none yet */
	uint32_t rolled_back; /* a generation that the administrator went back from; 0: none */
	uint32_t conflicts;   /* that wait */
	uint32_t deferred;    /* paths */
	int64_t checked;      /* seconds since 1970 */
};

/*
 * Open the state directory: path, or PATH_STATE below the root if path is NULL. With create it
 * is made, and its lock taken; -EWOULDBLOCK if another has it. Without, -ENOENT if it is not there.
 * Returns an fd or -errno. *lock is closed by the caller (-1 without create).
 */
int state_open(int root, const char *path, bool create, int *lock);

/* Remove the temporary files that a run that was cut off has left in a directory. */
void state_sweep(int directory);

/*
 * A file of the state directory (dir: that, or one below it), to be read: an fd, or -errno;
 * -EBADMSG if it is not a regular file. Nothing else opens one: a fifo would be waited for.
 */
int state_open_file(int dir, const char *path);

/* All of it, appended to *out. 0, -EFBIG, or -errno as above. */
int state_read_file(int dir, const char *path, size_t limit, struct buf *out);

/* Parse: no I/O. Unknown keys are passed over. */
void state_status_parse(const char *text, size_t n, struct state_status *status);
/* A status that is not there, or no directory (-1), is one of a client that has taken nothing yet.
 */
int state_status_read(int state, struct state_status *status);
int state_status_write(int state, const struct state_status *status);
void state_status_format(const struct state_status *status, struct buf *out);

/* A manifest in dir. 0 or -errno; -EBADMSG with error->rule. */
int state_read_manifest(
	int dir, const char *name, struct manifest **manifest, struct manifest_error *error);

/* One of the state directory; an empty one if it is not there. Returns 0 or -errno. */
int state_manifest(
	int state, const char *name, struct manifest **manifest, struct manifest_error *error);
int state_manifest_write(int state, const char *name, const struct manifest *manifest);

/* Is this entry's content kept? Small files below etc/ are, account files of any size. */
bool state_keeps(const struct manifest_entry *e);

/* A kept content, verified. 0; -ENOENT: not kept, or damaged; -errno. */
int state_content(int state, const struct manifest_entry *e, struct buf *out);
bool state_has_content(int state, const struct manifest_entry *e);

/*
 * Of a transaction: STATE_CONTENTS in its directory is filled file by file, not synced. An fd for
 * writing e's content to it, -EEXIST if it is there already, or -errno.
 */
int state_content_make(int dir, const struct manifest_entry *e);
int state_content_drop(int dir, const struct manifest_entry *e);
/* All of them to their place in the state directory. Can be done again. Returns 0 or -errno. */
int state_contents_take(int state, int dir);

/* Remove the contents that no entry of base refers to. */
void state_contents_prune(int state, const struct manifest *base);

#endif
