/* What xf-agent was asked for. */
#ifndef AGENT_AGENT_OPTIONS_H
#define AGENT_AGENT_OPTIONS_H

#include <stdbool.h>

#include "agent/agent-config.h"

struct agent_options {
	const char *root, *state, *pub, *source, *tool;
	bool json, quiet, again, batch, monitor;
	int resolve; /* enum plan_choice */
	struct agent_config config;
};

#endif
