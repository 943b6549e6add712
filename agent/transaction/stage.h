/* What the parts of transaction_stage() share. */
#ifndef AGENT_TRANSACTION_STAGE_H
#define AGENT_TRANSACTION_STAGE_H

#include <limits.h>

#include "agent/transaction/transaction.h"

struct stage_incoming; /* a file whose content is arriving */

struct stage {
	struct transaction *t;
	const struct changes *changes;
	bool *linked;   /* of each change: staged as a link to another file */
	size_t *wanted; /* changes whose content the share has */
	size_t n_wanted;
	struct stage_incoming *incoming; /* for each of wanted */
	size_t *group; /* the first staged change of each hard-link group, plus 1 */
	uint64_t files, bytes;
	const struct manifest_entry **keep; /* the base's files that the state directory lacks */
	size_t n_keep;
	struct buf journal, entries;
	struct records_encoded records;
};

/* Is a file made for this change? */
bool stage_makes(const struct change *change);

/* The directory that change i is staged in, and path's last component in it. An fd or -errno. */
int stage_parent(
	const struct stage *stage, size_t i, char path[static PATH_MAX], const char **name);

/* Where a change is staged: its number, or a place in the directory that it is built into. */
void stage_path(const struct changes *changes, size_t i, char path[static PATH_MAX]);

/* --- stage-space.c --- */

/* Is there room for all that will be written? 0; -ENOSPC, or another -errno. */
int stage_check_space(const struct stage *stage);

/* --- stage-content.c --- */

/* Make change i but for its metadata and for content that has to be fetched. 0 or -errno. */
int stage_make(struct stage *stage, size_t i);

/* All that has to be fetched. 0 or -errno. */
int stage_fetch(struct stage *stage);

/* --- stage-kept.c: contents for later merges --- */

/* Find those of the next base that the state directory lacks. 0 or -ENOMEM. */
int stage_find_kept(struct stage *stage);

/* Where a copy of the content that a change brings goes: an fd, or -1: nowhere. */
int stage_open_kept(const struct stage *stage, const struct change *change);

/* Those that no change brings. If one is not available, later merges have no base. 0 or -errno. */
int stage_keep_others(struct stage *stage);

#endif
