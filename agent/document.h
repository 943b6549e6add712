/*
 * With --json a command prints one JSON document, whatever it comes to: xf-agent(8) says what
 * is in it. What the parts of a run have to say is collected here, and printed at the end.
 */
#ifndef AGENT_DOCUMENT_H
#define AGENT_DOCUMENT_H

#include "lib/json.h"
#include <stdbool.h>
#include <stdint.h>

/* From now on there is one. */
void document_begin(void);

/* Was it begun? The functions below do nothing if not. */
bool document_wanted(void);

/* A member, in place of one that was there; takes value (NULL: null) over. */
void document_set(const char *key, struct json_object *value);

/* The same, but one that was there stays. */
void document_set_once(const char *key, struct json_object *value);

/* Append all in list, which is taken over, to the list of that name. */
void document_append(const char *key, struct json_object *list);

/* What was said on standard error, or would be on standard output. */
void document_message(const char *text);

/* Print it, with the command (NULL: not known) and the exit status, and forget it. */
void document_end(const char *command, int status);

#endif
