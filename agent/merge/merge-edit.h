/*
 * A merge by the administrator, in the directory STATE/merge/PATH/VERSIONS, with the files mine,
 * base, theirs and merged. PATH is a digest of the path, VERSIONS one of its three versions: a
 * merge that was begun with other versions is not continued.
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
 * Merge into *merged: by diff3 if that is clean, else with the editor or the tool. A merge that was
 * interrupted is continued.
 */
enum agent_status merge_edit(const struct merge_edit *edit, struct buf *merged);

/* Remove all merges of a path, which is resolved. */
void merge_edit_forget(int state, const char *path);

#endif
