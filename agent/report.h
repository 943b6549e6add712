/* What a run tells its reader: one screen, or JSON. Names are escaped as in a manifest. */
#ifndef AGENT_REPORT_H
#define AGENT_REPORT_H

#include "agent/document.h"
#include "agent/run/agent.h"

/* What is going to be (every change by its path) or was done (a summary, and what waits). */
void report_plan(const struct agent *agent, bool done);

/* The list of what waits for the administrator. */
void report_conflicts(const struct agent *agent, const struct conflicts *conflicts);

/* For --json: what the state directory says, with these conflicts. */
void report_state(const struct agent *agent, const struct conflicts *conflicts);

/* A name in vis(3) escapes, then text. */
void report_name(const char *bytes, const char *after);

#endif
