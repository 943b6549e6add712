/* What xf-agent was asked for. */
#ifndef AGENT_AGENT_OPTIONS_H
#define AGENT_AGENT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/agent-config.h"

struct agent_options {
	const char *root, *state, *pub, *source, *tool;
	bool json, quiet, again, batch, monitor;
	int resolve;         /* enum plan_choice */
	uint32_t generation; /* to look at, which is never applied; 0: the one that the share has */
	struct agent_config config;
};

#endif
