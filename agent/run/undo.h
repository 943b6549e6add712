/*
 * The inputs of a rollback: the paths that a transaction changed, as base and new. base is what it
 * put in place, new what it replaced.
 */
#ifndef AGENT_RUN_UNDO_H
#define AGENT_RUN_UNDO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

/* Where the trash keeps what was replaced at path. */
struct undo_source {
	char *path, *source; /* below the state directory */
	char *put;           /* the copy of what was put in place, of an account file; or NULL */
};

struct undo {
	uint32_t serial; /* of the record that is undone */
	size_t n;
	struct undo_source *source; /* sorted by path */
	/*
	 * The paths that an earlier rollback of this record deferred, each with a NUL; the others
	 * are done. Empty: there was none.
	 */
	struct buf rest;
};

struct run;
struct run_inputs;
struct conflicts;
struct outcome;
struct records;

/* Read record undo->serial: base, new and generation of in, and undo. Returns 0 or -errno. */
int undo_load(const struct run *run, struct run_inputs *in, struct undo *undo);
void undo_free(struct undo *undo);

/* Where the record keeps path, or NULL. */
const struct undo_source *undo_find(const struct undo *undo, const char *path);

/*
 * Leave those conflicts in in that are of generations which are undone; others gets the rest, which
 * stay as they are. False without memory.
 */
bool undo_sort_conflicts(struct run_inputs *in, struct conflicts *others);

/* What is written with the changes of a rollback. Returns 0 or -errno. */
int undo_records(const struct run *run, const struct run_inputs *in, const struct outcome *outcome,
	struct records *records);

/* Record the paths that were deferred, for the next rollback: without, it tries all again. */
void undo_write_rest(int state, const struct undo *undo, const struct outcome *outcome);

#endif
