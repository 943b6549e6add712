/*
 * The decision: what becomes of every path, as a pure function of base (what this client took
 * last), local (what is here), new (the generation's manifest) and policy (docs/reconcile.md has
 * the table).
 *
 * Content (type, digest, link text, device number; never times) and metadata (mode, owner, group,
 * each extended attribute) are decided separately. Where one decision holds for a whole subtree,
 * the ops below it have the index of the op that covers them.
 */
#ifndef AGENT_PLAN_PLAN_H
#define AGENT_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/plan/policy.h"
#include "lib/manifest/manifest.h"

enum plan_action {
	PLAN_NOP,            /* A A A */
	PLAN_IGNORE_LOCAL,   /* – L –: not ours */
	PLAN_EXCLUDED,       /* policy ignore */
	PLAN_HELD,           /* policy hold */
	PLAN_ADOPT,          /* – N N, A B B: no write */
	PLAN_DROP_BASE,      /* A – – */
	PLAN_KEEP,           /* A L A */
	PLAN_KEEP_DEL,       /* A – A: stays deleted */
	PLAN_KEEP_ORPHAN,    /* A L –, and directories that something local holds */
	PLAN_INSTALL,        /* – – N, A A B */
	PLAN_REMOVE,         /* A A –: to the trash */
	PLAN_MERGE,          /* A L B under policy merge; becomes SIDE if the merge has conflicts */
	PLAN_MERGE_ACCOUNTS, /* account files */
	PLAN_SIDE,           /* – L N, A L B: local stays, new is offered beside it */
	PLAN_SIDE_DEL,       /* A – B: stays deleted, new is offered */
	PLAN_SIDE_TREE,      /* a directory on one side only: new is offered, nothing changed */
	PLAN_RELOCATED,      /* the administrator's symbolic link where a directory is expected */
	PLAN_DEFER,          /* cannot be decided or done now: see op.why */
	PLAN_ACTIONS
};

#define PLAN_META_KEPT  (1u << 0) /* some of it was changed here only: kept */
#define PLAN_META_TAKEN (1u << 1) /* some of it was changed by the master only: set in op.after */
#define PLAN_META_CONFLICT \
	(1u << 2) /* some of it was changed on both sides, differently: kept, listed */

/* What the base holds for this path when the op is done. */
enum plan_next { PLAN_NEXT_OLD, PLAN_NEXT_NEW, PLAN_NEXT_NONE };

#define PLAN_NONE SIZE_MAX

struct plan_op {
	const char *path;
	enum plan_action action;
	enum plan_next next;
	unsigned int meta;
	bool relink; /* same content, but the master has it as a hard link to op.leader, or to none
		      */
	bool offerable; /* SIDE…: the directory that an offer would lie in exists */
	bool aside;     /* it does not exist, and the offer goes to pending */
	const struct manifest_entry *base, *local, *new; /* NULL: absent */
	const struct manifest_entry *after; /* INSTALL, PLAN_META_TAKEN: what will be there */
	/* PLAN_META_CONFLICT: new, but for what is in conflict, where it has what the base had. For
	 * PLAN_NEXT_NEW; and for a directory of PLAN_NEXT_OLD that the next base needs for what is
	 * in it. */
	const struct manifest_entry *settled;
	const char *leader; /* a path of local and new that this one shares its inode with in new,
			       or NULL */
	size_t cover;       /* the op that decides for this one too, or PLAN_NONE */
	const char *why;    /* DEFER, KEEP_ORPHAN: static text, or NULL */
	int error;          /* DEFER: an errno that goes with it, or 0 */
};

/* How the administrator decides a conflict: xf-agent resolve. */
enum plan_choice {
	PLAN_CHOICE_NONE,
	PLAN_CHOICE_MINE,   /* the local version is kept; this version is no conflict any more */
	PLAN_CHOICE_THEIRS, /* the master's version is installed */
	PLAN_CHOICE_MERGE,  /* a text that is merged of both: the op becomes MERGE */
};

/* Whether the choice could be applied. */
enum plan_chosen {
	PLAN_CHOSEN,
	PLAN_CHOSEN_NO_CONFLICT,  /* the path is not in conflict */
	PLAN_CHOSEN_NO_DIRECTORY, /* it cannot be installed: its directory does not exist */
	PLAN_CHOSEN_NO_TEXT,      /* it cannot be merged: not a file on both sides */
};

struct plan {
	struct plan_op *op; /* one for each path of base, local and new, in their order */
	size_t n;
	struct manifest *made; /* holds the entries that were made up */
	enum plan_chosen chosen;
};

struct plan_input {
	const struct manifest *base, *local, *new; /* base without entries: there is none yet */
	const struct policies *policies;
	bool (*is_account_file)(const char *path); /* merged by entries; NULL: none is */
	/*
	 * A rollback: the lists have the paths of one run only, and the content of new may exist
	 * nowhere else. So each path is decided by itself, even below a directory that was deleted
	 * or replaced here, and what has no directory is offered in pending.
	 */
	bool undo;
	enum plan_choice choice; /* for what is in conflict at chosen_path */
	const char *chosen_path;
};

/*
 * A pure function. The plan is not changed afterwards: what is done of it is in an outcome
 * (outcome.h). Returns 0 and *plan, which refers to the input's entries; or -ENOMEM.
 */
int plan_make(const struct plan_input *input, struct plan **plan);
void plan_free(struct plan *plan);

/*
 * The rule by which new must not be applied over base (static text), or NULL: it is of another
 * share, older (it might be a replay) unless that is allowed by older, empty, or much smaller.
 */
const char *plan_guard(const struct manifest *base, const struct manifest *new, bool older);

/* The ops below path are [*from, *to): all that begins with "path/". */
void plan_below(const struct plan *plan, const char *path, size_t *from, size_t *to);

/* The op of that path, or NULL. */
const struct plan_op *plan_find(const struct plan *plan, const char *path);

/*
 * The op of the directory that holds path, or NULL. last, if not NULL, is looked at first: the last
 * parent is mostly the next one's, too.
 */
const struct plan_op *plan_parent(
	const struct plan *plan, const char *path, const struct plan_op *last);

/*
 * The word for an action of that op: "INSTALL", …, and "KEEP-META", "TAKE-META", "META-CONFLICT"
 * where metadata is all there is to do.
 */
const char *plan_op_label(const struct plan_op *op, enum plan_action action);

/* --- parts, here to be tested --- */

/* Whether both are absent, or of one type with the same digest, link text or device number. */
bool plan_same_content(const struct manifest_entry *a, const struct manifest_entry *b);

/*
 * The metadata of a path that stays or is installed, three-way: sets op->meta, op->after and
 * op->settled from op->base, local, new. False without memory.
 */
bool plan_metadata(struct plan_op *op, struct manifest *made);

/* Apply the choice for path to a plan that was made without it, and set plan->chosen. */
void plan_choose(struct plan *plan, const char *path, enum plan_choice choice);

#endif
