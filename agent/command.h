/* The commands of xf-agent, one file each. They return an exit status. */
#ifndef AGENT_COMMAND_H
#define AGENT_COMMAND_H

#include "agent/agent.h"

typedef int command_fn(const struct options *options, char **arguments);

command_fn command_status, command_plan, command_reconcile, command_boot, command_conflicts,
	command_diff, command_resolve, command_verify, command_rollback, command_restarts;

#endif
