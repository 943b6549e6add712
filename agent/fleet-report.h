/*
 * What xf-agentd(8) tells the farm's server, which runs of xf-agent leave in run/xenfarm/agent
 * below the root: only where xf-init left the record of a boot, so not on a master.
 */
#ifndef AGENT_FLEET_REPORT_H
#define AGENT_FLEET_REPORT_H

#include <stdbool.h>

#include "agent/run/run.h"

/* Before run_close(), with what the run ended with. booting: xf-init runs it, in an initramfs, for
 * the root of the system to come. What fails is not the run's fault: a message. */
void fleet_report_write(
	const struct run *run, const struct run_inputs *in, enum agent_status result, bool booting);

#endif
