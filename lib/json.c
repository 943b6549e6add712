#include "lib/json.h"

#include <stdio.h>

void json_print(struct json_object *document)
{
	puts(json_object_to_json_string_ext(
		document, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(document);
}
