/* The commands of xf-agent, one file each, see lib/cli.h; their first argument is a struct options.
 * They return the exit status. */
#ifndef AGENT_COMMAND_H
#define AGENT_COMMAND_H

#include "agent/run/agent.h"
#include "lib/cli.h"

typedef int command_fn(void *settings, char **arguments);

command_fn command_status, command_plan, command_reconcile, command_boot, command_conflicts,
	command_diff, command_resolve, command_verify, command_rollback, command_restarts;

#endif
