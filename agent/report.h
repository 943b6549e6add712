/* What a run tells its reader: one screen, or JSON. Names are escaped as in a manifest. */
#ifndef AGENT_REPORT_H
#define AGENT_REPORT_H

#include <json-c/json.h>

#include "agent/agent.h"

/* What is going to be (every change by its path) or was done (a summary, and what waits). */
void report(const struct agent *agent, bool done);

/* The list of what waits for the administrator. */
void report_conflicts(const struct agent *agent, const struct conflicts *conflicts);

/* Print an object on a line and free it. */
void report_json(struct json_object *object);

struct json_object *json_name(const char *bytes);
/* Seconds since 1970 as RFC 3339 text. */
struct json_object *json_time(int64_t seconds);

/* A name in vis(3) escapes, then text. */
void print_name(const char *bytes, const char *after);

#endif
