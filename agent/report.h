/* What a run reports: one screen, or JSON. Names are escaped as in a manifest. */
#ifndef AGENT_REPORT_H
#define AGENT_REPORT_H

#include "agent/document.h"
#include "agent/run/changes.h"

/* What is going to be (every change by its path) or was done (a summary, and what is open). */
void report_changes(const struct run *run, const struct run_inputs *in,
	const struct run_changes *changes, bool done);

/* The list of open conflicts. */
void report_conflicts(const struct agent_options *options, const struct conflicts *conflicts);

/* For --json: what the state directory says, with these conflicts. */
void report_state(const struct run *run, const struct conflicts *conflicts);

/* Print a name in vis(3) escapes, then text. */
void report_name(const char *bytes, const char *after);

#endif
