/*
 * Changes of files whose content stays: of their metadata, or of the names that share their inode.
 * Metadata is the inode's: if not all of its names get the same, the link is broken first.
 */
#ifndef AGENT_RUN_LINKS_H
#define AGENT_RUN_LINKS_H

#include "agent/plan/outcome.h"
#include "agent/transaction/change.h"

struct links;

/* For a plan's outcome; local is the list of what is below root. NULL without memory. */
struct links *links_new(const struct outcome *outcome, const struct manifest *local, int root);
void links_free(struct links *links);

/*
 * Append what op (NOP, ADOPT, KEEP or SIDE) needs: its metadata set in place; a copy of itself, or
 * a link to another file, in its place; or nothing. Returns 0 or -ENOMEM.
 */
int links_add_change(const struct links *links, const struct plan_op *op, struct changes *changes);

/*
 * The path that op's file can be hard-linked to when it is staged, as it has the same content and
 * will have the same metadata; or NULL.
 */
const char *links_target(const struct links *links, const struct plan_op *op);

#endif
