/*
 * The exit statuses of all programs, with EXIT_SUCCESS (0) and EXIT_FAILURE (1) of <stdlib.h>.
 * What a status means to the user of a program is in its man page.
 */
#ifndef LIB_EXIT_H
#define LIB_EXIT_H

#include <stdlib.h>

enum {
	EXIT_DIFFERENT = 1, /* what was compared differs: xf-agent and xf-manifest */
	EXIT_USAGE = 2,     /* a wrong command line, for all programs */
	EXIT_TROUBLE = 2,   /* xf-manifest, whose EXIT_DIFFERENT must not mean a failure */

	EXIT_TIMEOUT = 3, /* xenfarm: libvirt, or a client, was not done in time */

	/* xf-agent, and xenfarm of its clients: something is left to do … */
	EXIT_CONFLICTS = 10,
	EXIT_DEFERRED = 11,
	/* … or nothing was changed. */
	EXIT_REFUSED = 20,
	EXIT_UNREACHABLE = 21,
	EXIT_UNDONE = 30,
};

#endif
