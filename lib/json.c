#include "lib/json.h"

#include <stdio.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/rfc3339.h"
#include "lib/vis.h"

void json_print(struct json_object *document)
{
	puts(json_object_to_json_string_ext(
		document, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(document);
}

struct json_object *json_document(const char *name, struct json_object *list)
{
	struct json_object *document = json_object_new_object();

	json_add_number(document, "version", 1);
	json_object_object_add(document, name, list);
	return document;
}

void json_add_number(struct json_object *object, const char *key, uint64_t number)
{
	json_object_object_add(object, key, json_object_new_uint64(number));
}

struct json_object *json_text(const char *bytes)
{
	AUTO_BUF struct buf text = { 0 };

	for (const char *c = bytes; *c; c++) {
		if (*c & 0x80)
			buf_printf(&text, "\\%03o", (unsigned char)*c);
		else
			buf_add(&text, c, 1);
	}
	return json_object_new_string_len(text.data ? text.data : "", (int)text.size);
}

struct json_object *json_name(const char *bytes)
{
	AUTO_FREE char *name = vis_string(*bytes ? bytes : ".");

	return json_object_new_string(name ? name : "");
}

struct json_object *json_time(int64_t seconds)
{
	char text[RFC3339_SIZE];

	return json_object_new_string(rfc3339_text(text, seconds));
}
