/*
 * Changes for files that stay, but for their metadata or for the names that share their inode. A
 * mode is the inode's: where it is not for all of its names, the link is broken before.
 */
#ifndef AGENT_RUN_LINKS_H
#define AGENT_RUN_LINKS_H

#include "agent/plan/outcome.h"
#include "agent/transaction/change.h"

struct links;

/* Of a plan's outcome, over the list of what is here, below root. NULL without memory. */
struct links *links_new(const struct outcome *outcome, const struct manifest *local, int root);
void links_free(struct links *links);

/*
 * Append what op (NOP, ADOPT, KEEP or SIDE) needs: its metadata set in place; a copy of itself, or
 * a link to another file, in its place; or nothing. Returns 0 or -ENOMEM.
 */
int links_add_change(const struct links *links, const struct plan_op *op, struct changes *changes);

/*
 * The path that op's file can be made a hard link to when it is staged, as that one has the content
 * and will have the metadata that op's file is to have; or NULL.
 */
const char *links_target(const struct links *links, const struct plan_op *op);

#endif
