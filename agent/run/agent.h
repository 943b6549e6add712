/* One run of xf-agent: what it was asked, what it has open, what it found out. */
#ifndef AGENT_RUN_AGENT_H
#define AGENT_RUN_AGENT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/agent-config.h"
#include "agent/merge/conflicts.h"
#include "agent/plan/plan.h"
#include "agent/plan/policy.h"
#include "agent/run/state.h"
#include "agent/share/share-reader.h"
#include "agent/transaction/change.h"
#include "agent/transaction/transaction.h"
#include "lib/exit.h"
#include "lib/ids.h"

enum { RESOLVE_NONE, RESOLVE_MINE, RESOLVE_THEIRS, RESOLVE_MERGE };

struct agent_options {
	const char *root, *state, *pub, *source, *tool;
	bool json, quiet, again;
	int resolve; /* RESOLVE_… */
	struct agent_config config;
};

struct agent {
	const struct agent_options *options;
	int root, state, lock; /* state is -1 if there is none yet */
	struct mounts *mounts;
	struct policies *policies;
	struct state_status status;
	bool unfinished;             /* a transaction is: another run is at work, or was cut off */
	bool recovered_undo;         /* a rollback that was cut off has been finished */
	struct conflicts conflicts;  /* of the run before */
	struct share_reader *reader; /* opened when something of it is asked for */
	int reader_error;            /* why it could not be opened: not tried again */
	uint32_t generation;         /* the share's, or the one this client is pinned to */
	bool pinned;                 /* by the kernel's command line */

	struct manifest *base, *local, *new, *pending; /* base refers to entries of new */
	bool fetched;                                  /* new: it is STATE_NEXT */
	struct plan *plan;

	/* What agent_make_changes() makes of the plan. */
	struct changes changes;
	struct conflicts next;
	struct manifest *made; /* entries of changes */
	struct buf *bytes;     /* contents of changes */
	size_t n_bytes;
	struct ids *owners;

	const char *whole;       /* scan all below this path, strangers too; NULL: none */
	const char *merged_path; /* resolve --merge: this path gets these bytes */
	struct buf merged;
	const struct undo *undo; /* rollback: contents are those of the trash */
	/* What is written with the changes: records->base, fetched and status. 0 or -errno. */
	int (*records)(struct agent *agent, struct records *records);
};

/* Where the trash keeps what was displaced from path; a list sorted by path. */
struct undo {
	uint32_t serial; /* of the record that is undone */
	size_t n;
	struct undone {
		char *path, *source; /* below the state directory */
		char *put; /* the copy of what was put in place, of an account file; or NULL */
	} * undone;
};

/*
 * Open root and state. With exclusive the state directory is made and locked, and a killed run's
 * transaction is put in order. Returns 0 or an exit status, after saying why.
 */
int agent_open(struct agent *agent, const struct agent_options *options, bool exclusive);
void agent_close(struct agent *agent);

/* Say on standard error what was done and is no mistake, unless --quiet is given. */
__attribute__((format(printf, 2, 3))) void agent_inform(
	const struct agent *agent, const char *format, ...);

/* A path of the client for a message: below the root that the options name. Returns out. */
const char *agent_path(
	const struct agent_options *options, const char *path, char out[static PATH_MAX]);

/* --- the changes of a run; each returns 0 or an exit status, after saying why --- */

/* The share's generation into agent->generation. */
int agent_current(struct agent *agent);

/* Open the share, if it is not open yet. Whoever reads from agent->source asks for this before. */
int agent_open_share(struct agent *agent);
/* The same without a message: 0 or -errno; -ENODEV: no share is configured. */
int agent_try_share(struct agent *agent);

/* base and new, the latter verified, guarded. Needs the share only if the generation is new. */
int agent_load(struct agent *agent);

/* local and pending. all: read every file anew, without the stat cache. */
int agent_scan(struct agent *agent, bool all);

/* The plan; and the changes that carry it out. */
int agent_decide(struct agent *agent);
int agent_prepare(struct agent *agent);

/* Make the changes, and what follows from them: base, records, derived files. */
int agent_apply(struct agent *agent);

/* load, scan, decide and prepare. */
int agent_look(struct agent *agent);

/* The exit status for what is left to do. */
int agent_left(const struct agent *agent);

/* --- parts --- */

/* Changes, offers, merges from the plan. 0 or -errno. */
int agent_make_changes(struct agent *agent);

/* The content of a path of a manifest: kept, or read from the share's generation, verified. */
int agent_content(
	struct agent *agent, uint32_t generation, const struct manifest_entry *e, struct buf *out);

/*
 * The content of an entry of the base, which may be of an older generation than the one that was
 * applied last: kept, or read from the newest generation of the share that has it, verified.
 * Returns 0 or -errno.
 */
int agent_base_content(struct agent *agent, const struct manifest_entry *e, struct buf *out);

/* The content of a local file, verified to be what the scan saw. 0, -ESTALE, or -errno. */
int agent_local_content(const struct agent *agent, const struct manifest_entry *e, struct buf *out);

/* Bytes for a change, that live as long as the agent: takes buf over. NULL without memory. */
const struct buf *agent_keep_bytes(struct agent *agent, struct buf *buf);

/* The records of a reconcile. 0 or -errno. */
int agent_records(struct agent *agent, struct records *records);

/* Say that a transaction could not be finished, and why. */
void agent_unfinished(const struct transaction *t, int r);

/* On the running system: bring what derives from the changes' files up to date, and tell those who
 * log in. */
void triggers_run(struct agent *agent, const struct changes *changes);

/* The first half of that: run the commands for the paths of these changes, whatever system it is.
 */
void triggers_run_commands(const struct changes *changes);

#endif
