/* The copy of a master's tree into a generation, by rsync(1). What fails here says so itself. */
#ifndef FARM_COPY_H
#define FARM_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "farm/share/store.h"
#include "farm/share/treelist.h"

struct copy_job {
	const struct share_store *share;
	const char *from; /* absolute */
	const char *to;   /* absolute; must not exist, or be empty */
	uint32_t base[2]; /* generations whose equal files are linked to; 0: none */
	bool checksum;    /* compare contents, where size and time are equal */
};

/*
 * Copy. An inode that a base has is never changed: what differs in anything becomes a new one. The
 * share's filter decides what is left out; account files (farm/publish/passwords.h) always are.
 */
int copy_tree(const struct copy_job *copy);

/* Print what a copy would change in generation base[0], as rsync does. */
int copy_preview(const struct copy_job *copy);

/*
 * Compare a copy with its origin, open as source: one that changed while it was copied is a mixture
 * of two states, and refused.
 */
int copy_check(int source, const struct treelist *copy);

/*
 * Read what rsync writes to fd with --info=progress2 and draw it, until it ends; anything else that
 * it says is passed on. copy_progress(): is that a line of its progress? files is 0 where the line
 * does not say.
 */
void copy_watch(int fd);
bool copy_progress(const char *line, uint64_t *files, uint64_t *bytes);

#endif
