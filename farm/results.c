#include "farm/results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/buf.h"
#include "lib/clock.h"
#include "lib/json.h"

#define VERSION 1 /* another one, once something that was there means something else */

enum result_kind { RESULT_OPEN, RESULT_ALREADY, RESULT_FAILED };

struct result {
	char *name, *state;
	enum result_kind kind;
	struct buf message;
	double began, ended;
	struct json_object *more;
};

static struct {
	bool wanted, dry_run;
	char id[64]; /* "": none */
	struct result *result;
	size_t n, current; /* current: n and more: none */
	struct buf message;
	struct json_object *steps;
} results;

void results_want(bool wanted)
{
	results.wanted = wanted;
}

bool results_wanted(void)
{
	return results.wanted;
}

void results_begin(const char *id, bool dry_run)
{
	snprintf(results.id, sizeof(results.id), "%s", id);
	results.dry_run = dry_run;
}

static struct result *add(const char *name)
{
	struct result *r;
	char *copy = strdup(name);

	if (!copy || !ARRAY_GROW(results.result, results.n)) {
		free(copy);
		return NULL;
	}
	r = &results.result[results.n++];
	*r = (struct result){ .name = copy, .began = clock_seconds() };
	r->ended = r->began;
	r->more = json_object_new_object();
	return r;
}

/* NULL: it is not wanted, or there is no memory. */
static struct result *find(const char *name)
{
	for (size_t i = 0; i < results.n; i++)
		if (strcmp(results.result[i].name, name) == 0)
			return &results.result[i];
	return results.wanted ? add(name) : NULL;
}

void results_of(const char *name)
{
	const struct result *next = name ? find(name) : NULL;

	if (results.current < results.n)
		results.result[results.current].ended = clock_seconds();
	results.current = next ? (size_t)(next - results.result) : SIZE_MAX;
}

void results_already(const char *name)
{
	struct result *r = find(name);

	if (r && r->kind == RESULT_OPEN)
		r->kind = RESULT_ALREADY;
}

void results_failed(const char *name)
{
	struct result *r = find(name);

	if (r)
		r->kind = RESULT_FAILED;
}

void results_state(const char *name, const char *state)
{
	struct result *r = find(name);

	if (!r)
		return;
	free(r->state);
	r->state = strdup(state);
}

void results_text(const char *name, const char *key, const char *text)
{
	struct result *r = find(name);

	if (r)
		json_object_object_add(r->more, key, text ? json_text(text) : NULL);
}

void results_number(const char *name, const char *key, uint64_t number)
{
	struct result *r = find(name);

	if (r)
		json_add_number(r->more, key, number);
}

void results_message(const char *text)
{
	struct buf *message = results.current < results.n ? &results.result[results.current].message
							  : &results.message;

	if (results.wanted)
		buf_printf(message, "%s%s", message->size ? "\n" : "", text);
}

void results_line(const char *text)
{
	if (!results.wanted || !results.dry_run)
		return;
	if (!results.steps)
		results.steps = json_object_new_array();
	json_object_array_add(results.steps, json_text(text));
}

/* --- the document --- */

static void add_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_text(text ? text : ""));
}

static void add_message(struct json_object *o, struct buf *message)
{
	buf_add(message, "", 1);
	add_text(o, "message", message->failed ? "" : message->data);
}

static void add_members(struct json_object *o, struct json_object *from)
{
	struct json_object_iterator at = json_object_iter_begin(from),
				    end = json_object_iter_end(from);

	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
		json_object_object_add(o, json_object_iter_peek_name(&at),
			json_object_get(json_object_iter_peek_value(&at)));
}

static struct json_object *describe(struct result *r, bool failed)
{
	struct json_object *o = json_object_new_object();
	double seconds = r->ended - r->began;
	char text[32];

	add_text(o, "name", r->name);
	add_text(o, "state", r->state);
	add_text(o, "result",
		r->kind == RESULT_FAILED || (failed && r->kind == RESULT_OPEN) ? "failed"
		: r->kind == RESULT_ALREADY                                    ? "already"
									       : "done");
	add_message(o, &r->message);
	snprintf(text, sizeof(text), "%.3f", seconds);
	json_object_object_add(o, "seconds", json_object_new_double_s(seconds, text));
	add_members(o, r->more);
	return o;
}

/* The command failed, and none of these is known to be why. */
static bool all_failed(int status)
{
	for (size_t i = 0; i < results.n; i++)
		if (results.result[i].kind == RESULT_FAILED)
			return false;
	return status != 0;
}

/* A dry run has no results that could say why they would fail. */
static void gather_messages(void)
{
	for (size_t i = 0; i < results.n; i++)
		if (results.result[i].message.size)
			buf_printf(&results.message, "%s%.*s", results.message.size ? "\n" : "",
				(int)results.result[i].message.size,
				results.result[i].message.data);
}

void results_print(int status)
{
	struct json_object *document, *list;
	bool failed = all_failed(status);

	if (!results.wanted)
		return;
	results_of(NULL);
	if (results.dry_run)
		gather_messages();
	document = json_object_new_object();
	list = json_object_new_array();
	json_add_number(document, "version", VERSION);
	json_object_object_add(
		document, "operation", *results.id ? json_object_new_string(results.id) : NULL);
	for (size_t i = 0; i < results.n && !results.dry_run; i++)
		json_object_array_add(list, describe(&results.result[i], failed));
	json_object_object_add(document, "results", list);
	if (results.message.size)
		add_message(document, &results.message);
	if (results.dry_run) {
		json_object_object_add(document, "dry_run", json_object_new_boolean(true));
		json_object_object_add(
			document, "steps", results.steps ? results.steps : json_object_new_array());
	}
	json_print(document);
	results.wanted = false;
}
