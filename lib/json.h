/* JSON on standard output. */
#ifndef LIB_JSON_H
#define LIB_JSON_H

#include <json-c/json.h>

/* Print a document, followed by a newline, and release it. */
void json_print(struct json_object *document);

#endif
