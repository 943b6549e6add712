/*
 * Commands that changes trigger: files that are made from others are made again when a path that
 * matches a glob was changed. On the running system only: for a root that is being booted, the boot
 * does this, or the first reconcile after it.
 */
#ifndef AGENT_RUN_TRIGGERS_H
#define AGENT_RUN_TRIGGERS_H

#include "agent/run/run.h"
#include "agent/run/state.h"
#include "agent/transaction/journal.h"

/*
 * If root is the running system, run the commands for the changes that were made, and write a line
 * on pending conflicts for those who log in.
 */
void triggers_run(int root, const struct state_status *status, const struct journal *made);

/*
 * If its root is the running system, and a reboot would boot another kernel than the one that runs,
 * leave /run/reboot-required and its .pkgs; remove them if that is so no more.
 */
void triggers_note_reboot(const struct run *run, const struct run_inputs *in);

/* Is it the root of the system that runs, and not of one that is being booted, or a copy? */
bool triggers_is_running_system(int root);

/* --- part, here to be tested: the commands, whatever system it is --- */

void triggers_run_commands(const struct journal *made);

#endif
