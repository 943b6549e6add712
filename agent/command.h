/*
 * The commands of xf-agent, see lib/cli.h. Their first argument is a struct agent_options; they
 * return an enum agent_status.
 */
#ifndef AGENT_COMMAND_H
#define AGENT_COMMAND_H

#include "agent/run/run.h"
#include "lib/cli.h"

typedef int agent_command_fn(void *settings, char **arguments);

agent_command_fn agent_command_status, agent_command_plan, agent_command_reconcile,
	agent_command_boot, agent_command_conflicts, agent_command_diff, agent_command_resolve,
	agent_command_verify, agent_command_rollback, agent_command_restarts;

#endif
