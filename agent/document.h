/*
 * With --json, a command prints one JSON document, also when it fails; see xf-agent(8). The parts
 * of a run add their members here, and it is printed at the end.
 */
#ifndef AGENT_DOCUMENT_H
#define AGENT_DOCUMENT_H

#include "lib/json.h"
#include <stdbool.h>
#include <stdint.h>

/* Begin it. */
void document_begin(void);

/* Was it begun? The functions below do nothing if not. */
bool document_wanted(void);

/* Set a member, or replace it; value (NULL: null) is taken over. */
void document_set(const char *key, struct json_object *value);

/* Set a member, unless it exists; value is taken over. */
void document_set_once(const char *key, struct json_object *value);

/* Append all in list, which is taken over, to the list of that name. */
void document_append(const char *key, struct json_object *list);

/* Add a message, which was printed on standard error, or would be on standard output. */
void document_message(const char *text);

/* Print it, with the command (NULL: unknown) and the exit status, and free it. */
void document_end(const char *command, int status);

#endif
