/*
 * A merge that the administrator makes, in the directory STATE/merge/PATH/VERSIONS: mine, base,
 * theirs and merged. PATH is a digest of the path, VERSIONS one of its three versions, so that
 * what was begun with one version is never taken for a merge of another.
 */
#ifndef AGENT_MERGE_MERGE_EDIT_H
#define AGENT_MERGE_MERGE_EDIT_H

#include "agent/agent-status.h"
#include "agent/merge/fingerprint.h"
#include "lib/buf.h"

struct merge_edit {
	int state; /* fd of the state directory */
	const char *path;
	struct fingerprint version[3]; /* of base, local and new */
	const struct buf *mine, *base, *theirs;
	const char *tool; /* a program to merge with; NULL: diff3, or else the editor */
	bool json;        /* standard output is for one document only */
};

/*
 * Merge into *merged: by diff3 alone if that is clean, else with the editor or the tool. A merge
 * that was broken off is taken up again.
 */
enum agent_status merge_edit(const struct merge_edit *edit, struct buf *merged);

/* The path is decided: what was begun for it, with whatever versions, is removed. */
void merge_edit_forget(int state, const char *path);

#endif
