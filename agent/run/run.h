/*
 * One run of xf-agent. Its parts, each of which is given what it needs:
 *
 *	struct run          what it was asked for and has open, and the status that it found
 *	struct run_inputs   what the plan is made of: base, local and new, policies, open conflicts
 *	struct run_changes  what is going to be done (changes.h), and in the end what was
 */
#ifndef AGENT_RUN_RUN_H
#define AGENT_RUN_RUN_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/agent-options.h"
#include "agent/agent-status.h"
#include "agent/merge/conflicts.h"
#include "agent/plan/plan.h"
#include "agent/plan/policy.h"
#include "agent/run/mounts.h"
#include "agent/run/state.h"
#include "agent/run/undo.h"
#include "agent/share/share-reader.h"

struct run {
	const struct agent_options *options;
	int root, state, lock; /* fds; state is -1 if there is none yet, lock if it is not held */
	struct mounts *mounts;
	struct share_reader *reader; /* run_open_share() comes before the first use */
	struct state_status status;
	bool unfinished;     /* another run is at work, or was interrupted */
	bool recovered_undo; /* an interrupted rollback has been finished */
};

struct run_inputs {
	uint32_t generation; /* the one to reconcile with, by run_current() the share's */
	uint32_t current;    /* what the share has for this client, or its pin; 0: not asked */
	bool pinned;
	struct manifest *base, *local, *new, *pending; /* base refers to entries of new */
	const char *fetched; /* STATE_NEXT or STATE_NEXT_DELTA: what says new; NULL: it is kept */
	struct policies *policies;
	struct conflicts conflicts; /* of the run before */
	const struct undo *undo;    /* it is a rollback: what it puts back */
	const char *whole;          /* scan all below this path, unmanaged paths, too; NULL: none */
};

/*
 * Open root and state, and read what the state directory says. If exclusive, the state directory is
 * made and locked, and the transaction of a killed run is finished. Close in any case.
 */
enum agent_status run_open(struct run *run, struct run_inputs *in,
	const struct agent_options *options, bool exclusive);
void run_close(struct run *run, struct run_inputs *in);

/* A message that is no error, on standard error unless --quiet is given. */
__attribute__((format(printf, 2, 3))) void run_inform(
	const struct agent_options *options, const char *format, ...);

/* A path of the client for a message: below its root. Returns out. */
const char *run_path(const char *root, const char *path, char out[static PATH_MAX]);

/* The status of a run that succeeded: AGENT_DONE, or what is pending. */
enum agent_status run_left(const struct run *run);

/* --- policies.c --- */

/* The defaults, the vendor's policies and the client's own. */
enum agent_status run_read_policies(const struct run *run, struct policies **policies);

/* --- load.c --- */

/* Open the share, if it is not open yet. */
enum agent_status run_open_share(const struct run *run);

/* The generation that the share has for this client, into in. */
enum agent_status run_current(const struct run *run, struct run_inputs *in);

/* The generation that a client is pinned to, by the record that xf-init leaves of the boot: one
 * whose tree is that of a generation. 0: none. */
uint32_t run_pin(const char *record);

/*
 * The tree of a generation, where the share is mounted or a directory: what programs run from and a
 * reboot boots, once its flip is seen here. NFS keeps names for up to a minute, but those of this
 * tree never change. An fd, or -errno without a message; path is in *path in any case.
 */
int run_open_tree(const struct run *run, uint32_t generation, char path[static PATH_MAX]);

/* base and new of in->generation. new is verified; the share is read only if it is not kept. */
enum agent_status run_load(const struct run *run, struct run_inputs *in);

/* Keep for the next runs what was fetched of the new manifest: in->fetched is name then. */
enum agent_status run_keep_fetched(
	const struct run *run, struct run_inputs *in, const char *name, const struct buf *data);

/* --- scan.c --- */

/* local and pending. all: read every file, without the stat cache. */
enum agent_status run_scan(const struct run *run, struct run_inputs *in, bool all);

/* The plan that follows from the inputs; choice for chosen_path, see plan.h. */
enum agent_status run_plan(const struct run_inputs *in, enum plan_choice choice,
	const char *chosen_path, struct plan **plan);

#endif
