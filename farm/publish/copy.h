/* The copy of a master's tree into a generation, by rsync(1). Errors are printed here. */
#ifndef FARM_COPY_H
#define FARM_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "farm/share/store.h"
#include "farm/share/treelist.h"
#include "lib/spawn.h"

struct copy_job {
	const struct share_store *share;
	const char *from; /* absolute */
	const char *to;   /* absolute; must not exist, or be empty */
	uint32_t base[2]; /* generations whose equal files are linked; 0: none */
	bool checksum;    /* compare contents, where size and time are equal */
};

/*
 * Copy. A base's inode is never changed: a file that differs in anything becomes a new inode. The
 * share's filter decides what is left out; account files (farm/publish/passwords.h) always are.
 */
int copy_tree(const struct copy_job *copy);

/* Print what a copy would change in generation base[0], as rsync does. */
int copy_preview(const struct copy_job *copy);

/*
 * Compare a copy with its origin, open as source. If that changed while it was copied, the copy is
 * a mixture of two states: -EBUSY.
 */
int copy_check(int source, const struct treelist *copy);

/*
 * Run an rsync as spawn_run() does. If its output has no other place, and somebody watches, it is
 * read: progress, which copy_watched_options ask for then, is drawn; other lines are printed.
 */
int copy_run(const struct spawn *spawn, int *status);
extern const char *const copy_watched_options[2];

/* Is line one of progress? *files is 0 if it has no number of files. */
bool copy_progress(const char *line, uint64_t *files, uint64_t *bytes);

#endif
