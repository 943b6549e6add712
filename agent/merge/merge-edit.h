/*
 * A merge that the administrator makes, in the directory STATE/merge/PATH/VERSIONS: mine, base,
 * theirs and merged. PATH is a digest of the path, VERSIONS one of its three versions, so that
 * what was begun with one version is never taken for a merge of another.
 */
#ifndef AGENT_MERGE_MERGE_EDIT_H
#define AGENT_MERGE_MERGE_EDIT_H

#include "agent/run/agent.h"

/*
 * Merge op's local and new file into *merged: by diff3 alone if that is clean, else with the
 * editor or the tool of the options. A merge that was broken off is taken up again. Returns 0, or
 * an exit status after saying why.
 */
int merge_edit(struct agent *agent, const struct plan_op *op, struct buf *merged);

/* The path is decided: what was begun for it, with whatever versions, is removed. */
void merge_edit_forget(const struct agent *agent, const char *path);

#endif
