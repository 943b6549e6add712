/* JSON on standard output. */
#ifndef LIB_JSON_H
#define LIB_JSON_H

#include <json-c/json.h>
#include <stdint.h>

/* Print a document, followed by a newline, and release it. */
void json_print(struct json_object *document);

/* A document of a list: {"version": 1, NAME: list}. Takes the list. Its readers may rely on the
 * version: what is added to a document does not change it. */
struct json_object *json_document(const char *name, struct json_object *list);

/* Add a number to an object. */
void json_add_number(struct json_object *object, const char *key, uint64_t number);

/* --- values that a caller has not in this form; without memory they are "" --- */

/* Text of any bytes: those beyond ASCII as in vis(3), by their octal numbers. */
struct json_object *json_text(const char *bytes);

/* A path or another name, escaped as in a manifest; "." for "", the root. */
struct json_object *json_name(const char *bytes);

/* Seconds since 1970 as RFC 3339 text. */
struct json_object *json_time(int64_t seconds);

#endif
