#include "agent/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/rfc3339.h"
#include "lib/vis.h"

#define LISTED 20 /* paths of a group that a summary lists; the others are counted */

/* --- helpers --- */

void report_name(const char *bytes, const char *after)
{
	AUTO_FREE char *name = vis_string(*bytes ? bytes : ".");

	printf("%s%s", name ? name : "?", after);
}

static void color(const char *code)
{
	if (isatty(1))
		printf("\033[%sm", code);
}

/* --- JSON --- */

static bool is_listed(const char *label)
{
	return strcmp(label, "NOP") != 0 && strcmp(label, "IGNORE-LOCAL") != 0;
}

static struct json_object *json_meta(unsigned int meta)
{
	struct json_object *list = json_object_new_array();

	if (meta & PLAN_META_KEPT)
		json_object_array_add(list, json_object_new_string("kept"));
	if (meta & PLAN_META_TAKEN)
		json_object_array_add(list, json_object_new_string("taken"));
	if (meta & PLAN_META_CONFLICT)
		json_object_array_add(list, json_object_new_string("conflict"));
	return list;
}

static struct json_object *json_op(const struct outcome *outcome, const struct plan_op *op)
{
	const struct outcome_op *result = outcome_of(outcome, op);
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "path", json_name(op->path));
	json_object_object_add(o, "action", json_object_new_string(outcome_label(outcome, op)));
	if (op->meta)
		json_object_object_add(o, "meta", json_meta(op->meta));
	if (result->why)
		json_object_object_add(o, "why", json_object_new_string(result->why));
	if (result->error)
		json_object_object_add(o, "error", json_object_new_string(strerror(result->error)));
	return o;
}

static struct json_object *json_conflict(const struct conflict *c)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "path", json_name(c->path));
	json_object_object_add(o, "kind", json_object_new_string(conflict_kind_name(c->kind)));
	if (*c->place)
		json_object_object_add(o, c->kind == CONFLICT_ACCOUNTS ? "what" : "offer",
			c->kind == CONFLICT_ACCOUNTS ? json_text(c->place) : json_name(c->place));
	json_object_object_add(o, "generation", json_object_new_int64(c->generation));
	json_object_object_add(o, "since", json_time(c->since));
	return o;
}

static struct json_object *json_conflicts(const struct conflicts *c)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < c->n; i++)
		if (c->conflict[i].kind != CONFLICT_DISMISSED)
			json_object_array_add(list, json_conflict(&c->conflict[i]));
	return list;
}

void report_state(const struct run *run, const struct conflicts *conflicts)
{
	const struct state_status *s = &run->status;

	document_set_once("from", json_object_new_int64(s->generation));
	document_set("share", *s->share ? json_object_new_string(s->share) : NULL);
	document_set("generation", json_object_new_int64(s->generation));
	document_set_once("current", NULL);
	document_set("rolled_back", json_object_new_int64(s->rolled_back));
	document_set("pending", json_object_new_int64(s->conflicts));
	document_set("deferred", json_object_new_int64(s->deferred));
	document_set("unfinished", json_object_new_boolean(run->unfinished));
	document_set("checked", s->checked ? json_time(s->checked) : NULL);
	document_set("conflicts", json_conflicts(conflicts));
}

static struct json_object *json_ops(const struct run_changes *changes)
{
	struct json_object *ops = json_object_new_array();

	for (size_t i = 0; i < changes->plan->n; i++) {
		const struct plan_op *op = &changes->plan->op[i];

		if (is_listed(outcome_label(&changes->outcome, op)))
			json_object_array_add(ops, json_op(&changes->outcome, op));
	}
	return ops;
}

struct json_object *report_plan(
	const struct run_inputs *in, const struct run_changes *changes, bool done)
{
	struct json_object *plan = json_object_new_object();

	json_object_object_add(plan, "share", json_object_new_string(in->new->head.share));
	json_object_object_add(plan, "from", json_object_new_int64(in->base->head.generation));
	json_object_object_add(plan, "to", json_object_new_int64(in->generation));
	json_object_object_add(plan, "done", json_object_new_boolean(done));
	json_object_object_add(plan, "paths", json_ops(changes));
	json_object_object_add(plan, "conflicts", json_conflicts(&changes->conflicts));
	return plan;
}

static void report_as_json(const struct run *run, const struct run_inputs *in,
	const struct run_changes *changes, bool done)
{
	report_state(run, &changes->conflicts);
	document_set("to", json_object_new_int64(in->generation));
	document_set("done", json_object_new_boolean(done));
	document_append("paths", json_ops(changes));
}

/* --- text --- */

/* The groups of the summary, in its order, and the labels that belong to each. */
static const struct group {
	const char *word, *color, *labels;
	bool listed; /* by path, also when it is done */
} groups[] = {
	{ "updated", "32", " INSTALL MERGE MERGE-ROWS TAKE-META RELINK ", false },
	{ "removed", "32", " REMOVE ", false },
	{ "as the master already", "", " ADOPT ", false },
	{ "kept as changed here", "", " KEEP KEEP-DEL KEEP-META HELD ", false },
	{ "kept, though the master dropped it", "", " KEEP-ORPHAN ", true },
	{ "offered beside the local version", "33", " SIDE SIDE-DEL SIDE-TREE ", true },
	{ "owner, mode or attributes differ", "33", " META-CONFLICT ", true },
	{ "your link in place of a directory", "33", " RELOCATED-DIR ", true },
	{ "deferred", "31", " DEFER ", true },
};

/* The group that an op is counted in; ARRAY_SIZE(groups): in none. */
static size_t find_group(const struct outcome *outcome, const struct plan_op *op)
{
	enum plan_action action = outcome_of(outcome, op)->action;
	size_t group = 0;
	char word[32];

	if (op->cover != PLAN_NONE && action != PLAN_INSTALL && action != PLAN_REMOVE &&
		action != PLAN_DEFER)
		return ARRAY_SIZE(groups);
	snprintf(word, sizeof(word), " %s ", outcome_label(outcome, op));
	while (group < ARRAY_SIZE(groups) && !strstr(groups[group].labels, word))
		group++;
	return group;
}

static void print_op(const struct outcome *outcome, const struct plan_op *op)
{
	const struct outcome_op *result = outcome_of(outcome, op);

	printf("           %-14s ", outcome_label(outcome, op));
	report_name(op->path, result->why ? ": " : "");
	printf("%s%s%s\n", result->why ? result->why : "", result->error ? ": " : "",
		result->error ? strerror(result->error) : "");
}

/* Those of the ops that are of this group; group_of has each op's. */
static void print_group(
	const struct outcome *outcome, const uint8_t *group_of, size_t group, bool list)
{
	const struct group *g = &groups[group];
	size_t n = 0, shown = 0, limit;

	for (size_t i = 0; i < outcome->plan->n; i++)
		n += group_of[i] == group;
	if (n == 0)
		return;
	color(g->color);
	printf("%8zu %s\n", n, g->word);
	color("0");
	limit = !list ? 0 : g->listed && n > LISTED ? LISTED : n;
	for (size_t i = 0; shown < limit; i++)
		if (group_of[i] == group) {
			print_op(outcome, &outcome->plan->op[i]);
			shown++;
		}
	if (list && shown < n)
		printf("           … and %zu more\n", n - shown);
}

static void print_groups(const struct outcome *outcome, bool done)
{
	AUTO_FREE uint8_t *group_of = malloc(outcome->plan->n + 1);

	if (!group_of)
		return;
	for (size_t i = 0; i < outcome->plan->n; i++)
		group_of[i] = (uint8_t)find_group(outcome, &outcome->plan->op[i]);
	for (size_t k = 0; k < ARRAY_SIZE(groups); k++)
		print_group(outcome, group_of, k, !done || groups[k].listed);
}

void report_changes(const struct run *run, const struct run_inputs *in,
	const struct run_changes *changes, bool done)
{
	uint32_t waiting = conflicts_waiting(&changes->conflicts);

	if (run->options->json) {
		report_as_json(run, in, changes, done);
		return;
	}
	if (run->options->quiet)
		return;
	printf("generation %u %s %u\n", in->base->head.generation, done ? "→" : "to",
		in->generation);
	print_groups(&changes->outcome, done);
	if (waiting)
		printf("%8u conflicts pending: see xf-agent conflicts\n", waiting);
}

void report_conflicts(const struct agent_options *options, const struct conflicts *c)
{
	char since[RFC3339_SIZE];

	if (options->json)
		return;
	for (size_t i = 0; i < c->n; i++) {
		const struct conflict *x = &c->conflict[i];

		if (x->kind == CONFLICT_DISMISSED)
			continue;
		printf("%-9s ", conflict_kind_name(x->kind));
		report_name(x->path, "");
		printf("  since generation %u, %s\n", x->generation, rfc3339_text(since, x->since));
		if (x->kind == CONFLICT_ACCOUNTS)
			printf("          %s\n", x->place);
		else if (*x->place)
			printf("          offered as %s%s\n", *x->place == '/' ? "pending" : "",
				x->place);
	}
}
