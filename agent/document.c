#include "agent/document.h"

static struct json_object *document;

void document_begin(void)
{
	if (document)
		return;
	document = json_object_new_object();
	document_set("command", NULL);
	document_set("status", NULL);
	document_set("messages", json_object_new_array());
}

bool document_wanted(void)
{
	return document != NULL;
}

void document_set(const char *key, struct json_object *value)
{
	if (document)
		json_object_object_add(document, key, value);
	else
		json_object_put(value);
}

void document_set_once(const char *key, struct json_object *value)
{
	if (document && json_object_object_get_ex(document, key, NULL))
		json_object_put(value);
	else
		document_set(key, value);
}

static struct json_object *list_of(const char *key)
{
	struct json_object *list;

	if (!json_object_object_get_ex(document, key, &list)) {
		list = json_object_new_array();
		document_set(key, list);
	}
	return list;
}

void document_append(const char *key, struct json_object *list)
{
	struct json_object *to = document ? list_of(key) : NULL;

	for (size_t i = 0; to && i < json_object_array_length(list); i++)
		json_object_array_add(to, json_object_get(json_object_array_get_idx(list, i)));
	json_object_put(list);
}

void document_message(const char *text)
{
	if (document)
		json_object_array_add(list_of("messages"), json_text(text));
}

void document_end(const char *command, int status)
{
	if (!document)
		return;
	if (command)
		document_set("command", json_object_new_string(command));
	document_set("status", json_object_new_int(status));
	json_print(document);
	document = NULL;
}
