/*
 * What follows from changes on the running system. Files that are made from others: when a path
 * that matches a glob was changed, a command is run on this client. Only there: for a root that is
 * being booted, the boot itself makes them again, or the first reconcile after it does.
 */
#ifndef AGENT_RUN_TRIGGERS_H
#define AGENT_RUN_TRIGGERS_H

#include "agent/run/state.h"
#include "agent/transaction/journal.h"

/* If root is the running system: run the commands for what was made, and show those who log in
 * whether there are open conflicts. */
void triggers_run(int root, const struct state_status *status, const struct journal *made);

/* --- part, here to be tested: the commands, whatever system it is --- */

void triggers_run_commands(const struct journal *made);

#endif
