/* One line for monitoring systems, as the Monitoring Plugins' guidelines have it. */
#ifndef AGENT_MONITOR_H
#define AGENT_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

enum monitor_status { MONITOR_OK, MONITOR_WARNING, MONITOR_CRITICAL, MONITOR_UNKNOWN };

struct monitor_facts {
	bool readable;                /* are the others known? */
	bool reached;                 /* the share was */
	uint32_t generation, current; /* 0: none */
	bool unfinished;
	uint32_t rolled_back; /* a generation; 0: none */
	uint32_t conflicts, deferred;
	size_t restarts;    /* processes */
	const char *kernel; /* to reboot for, or NULL */
};

/* Append the line to *out. The result is the plugin's exit status. */
enum monitor_status monitor_line(const struct monitor_facts *facts, struct buf *out);

#endif
