/* What a run reports: one screen, or JSON. Names are escaped as in a manifest. */
#ifndef AGENT_REPORT_H
#define AGENT_REPORT_H

#include "agent/document.h"
#include "agent/run/changes.h"

/* What would be done, path by path; or what was done, as a summary with what is pending. */
void report_changes(const struct run *run, const struct run_inputs *in,
	const struct run_changes *changes, bool done);

/*
 * The same as an object: from, to, done, paths, conflicts; NULL without memory. The caller releases
 * it.
 */
struct json_object *report_plan(
	const struct run_inputs *in, const struct run_changes *changes, bool done);

/* The list of pending conflicts. */
void report_conflicts(const struct agent_options *options, const struct conflicts *conflicts);

/* For --json: what the state directory says, with these conflicts. */
void report_state(const struct run *run, const struct conflicts *conflicts);

/* Print a name in vis(3) escapes, then text. */
void report_name(const char *bytes, const char *after);

#endif
