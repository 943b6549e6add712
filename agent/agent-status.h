/*
 * The results of commands, xf-agent(8); each is an exit status. A function that returns one has
 * printed a message, unless it is AGENT_DONE. All others return -errno, and print nothing.
 */
#ifndef AGENT_AGENT_STATUS_H
#define AGENT_AGENT_STATUS_H

#include <stdlib.h>

#include "lib/exit.h"

enum agent_status {
	AGENT_DONE = EXIT_SUCCESS,
	AGENT_DIFFERENT = EXIT_DIFFERENT, /* verify, diff */
	AGENT_USAGE = EXIT_USAGE,
	AGENT_CONFLICTS = EXIT_CONFLICTS,
	AGENT_DEFERRED = EXIT_DEFERRED,
	AGENT_REFUSED = EXIT_REFUSED,
	AGENT_UNREACHABLE = EXIT_UNREACHABLE,
	AGENT_FAILED = EXIT_UNDONE, /* nothing was changed */
};

#endif
