/*
 * Programs that a reconcile of the running system runs, if it has something to change: before its
 * first change and after its last, with the plan on their standard input; xf-agent(8) describes
 * them.
 */
#ifndef AGENT_RUN_HOOKS_H
#define AGENT_RUN_HOOKS_H

#include "agent/run/changes.h"

enum hooks_when { HOOKS_PRE, HOOKS_POST };

/*
 * Run them, in the order of their names. AGENT_REFUSED: one of HOOKS_PRE failed, and the others
 * were not run. Those of HOOKS_POST only get a message.
 */
enum agent_status hooks_run(const struct run *run, const struct run_inputs *in,
	const struct run_changes *changes, enum hooks_when when);

/* --- part, here to be tested --- */

/* Is that a name of a hook, and not of a file that an editor or a package manager has left? */
bool hooks_is_name(const char *name);

#endif
