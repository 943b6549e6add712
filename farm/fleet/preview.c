/*
 * xenfarm share preview: what a generation would do to each client of the share, by the plan that
 * the client's own agent makes for it. Nothing of a client's content leaves it, and nothing is
 * changed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "farm/fleet/round.h"
#include "farm/output.h"
#include "farm/table.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/exit.h"
#include "lib/json.h"

#define PREVIEW_SECONDS 60 /* until all plans are made, without --timeout */
#define SILENT_AGAIN    3  /* rounds more for those that are silent */

enum { CLIENTS, STATE, UPDATED, REMOVED, CONFLICTS, DEFERRED, RESTARTS, REBOOT, NAMES, COLUMNS };

static const struct table_column columns[COLUMNS] = {
	[CLIENTS] = { "clients", "CLIENTS", TABLE_NUMBER, false },
	[STATE] = { "state", "STATE", TABLE_TEXT, false },
	[UPDATED] = { "updated", "UPDATED", TABLE_NUMBER, false },
	[REMOVED] = { "removed", "REMOVED", TABLE_NUMBER, false },
	[CONFLICTS] = { "conflicts", "NEW CONFLICTS", TABLE_NUMBER, false },
	[DEFERRED] = { "deferred", "DEFERRED", TABLE_NUMBER, false },
	[RESTARTS] = { "restarts", "RESTARTS", TABLE_NUMBER, false },
	[REBOOT] = { "reboot", "REBOOT", TABLE_BOOL, false },
	[NAMES] = { "names", "NAMES", TABLE_TEXT, false },
};

static const struct table_column path_columns[] = {
	{ "action", "ACTION", TABLE_TEXT, false },
	{ "path", "PATH", TABLE_TEXT, false },
	{ "clients", "CLIENTS", TABLE_NUMBER, false },
	{ "names", "NAMES", TABLE_TEXT, false },
};

static bool is_ready(const struct round_client *c)
{
	return c->state == ROUND_ANSWERED && c->result == FLEET_OK;
}

static bool is_working(const struct round_client *c)
{
	return c->state == ROUND_ANSWERED && c->result == FLEET_WORKING;
}

static const fleet_preview *preview_of(const struct round_client *c)
{
	return &((const fleet_preview_reply *)c->reply)->answer.fleet_preview_answer_u.preview;
}

/* --- the question --- */

/* One that makes its plan may be too busy to answer in time. */
static bool is_open(const struct round_client *c)
{
	return is_working(c) || c->state == ROUND_SILENT;
}

static bool any(const struct round *round, bool (*is)(const struct round_client *c))
{
	for (size_t i = 0; i < round->n; i++)
		if (is(&round->client[i]))
			return true;
	return false;
}

/* A plan of another generation is no answer. */
static void check_generation(struct round_client *c)
{
	const fleet_preview_call *call = c->arguments;

	if (!is_ready(c) || preview_of(c)->generation == call->generation)
		return;
	c->state = ROUND_WRONG;
	snprintf(c->why, sizeof(c->why), "its answer is of generation %u",
		preview_of(c)->generation);
}

/* As many seconds, or as there are left. */
static unsigned int left(time_t end, unsigned int seconds)
{
	time_t now = time(NULL);

	return now + (time_t)seconds < end ? seconds : end > now ? (unsigned int)(end - now) : 0;
}

/* A plan takes a client seconds: those that are at it are asked again, and the silent ones with
 * them. If nobody is at it, a few times; or, where a time was given, until it is over. */
static int ask(struct round *round, const struct farm_context *c)
{
	unsigned int limit = c->options.timeout ? c->options.timeout : PREVIEW_SECONDS;
	time_t end = time(NULL) + limit;
	int r = round_ask(round, c, left(end, ROUND_SECONDS), NULL);

	for (int again = 0; r == 0 && time(NULL) + 1 < end && any(round, is_open); again++) {
		bool working = any(round, is_working);

		if (!working && again >= SILENT_AGAIN && !c->options.timeout)
			break;
		sleep(1);
		r = round_ask(round, c,
			left(end, working || !c->options.timeout ? ROUND_SECONDS : limit), is_open);
	}
	for (size_t i = 0; i < round->n; i++) {
		check_generation(&round->client[i]);
		if (is_working(&round->client[i]))
			snprintf(round->client[i].why, sizeof(round->client[i].why),
				"its plan was not ready in time");
	}
	return r;
}

/* --- groups of clients --- */

/* Those of which nothing is known first, then those with conflicts. */
static int compare_clients(const struct round_client *a, const struct round_client *b)
{
	const fleet_preview *x = preview_of(a), *y = preview_of(b);
	int order = is_ready(a) - is_ready(b);

	if (order || !is_ready(a))
		return order ? order : strcmp(a->why, b->why);
#define BY(member)                  \
	if (x->member != y->member) \
	return x->member > y->member ? -1 : 1
	BY(conflicts_new);
	BY(deferred);
	BY(reboot);
	BY(restarts);
	BY(updated);
	BY(removed);
#undef BY
	return 0;
}

static int by_group(const void *a, const void *b)
{
	const struct round_client *x = *(struct round_client *const *)a;
	const struct round_client *y = *(struct round_client *const *)b;
	int order = compare_clients(x, y);

	return order ? order : strverscmp(x->client->name, y->client->name);
}

static int add_group(struct table *table, struct round_client *const *client, size_t n)
{
	const fleet_preview *p = preview_of(client[0]);
	char number[COLUMNS][24];
	const char *cell[COLUMNS] = { [STATE] = is_ready(client[0]) ? "ready" : client[0]->why };
	AUTO_BUF struct buf names = { 0 };
	const struct {
		int column;
		size_t value;
	} numbers[] = { { CLIENTS, n }, { UPDATED, p->updated }, { REMOVED, p->removed },
		{ CONFLICTS, p->conflicts_new }, { DEFERRED, p->deferred },
		{ RESTARTS, p->restarts } };

	for (size_t i = 0; i < n; i++)
		buf_printf(&names, "%s%s", i ? " " : "", client[i]->client->name);
	buf_add(&names, "", 1);
	if (names.failed)
		return -ENOMEM;
	cell[NAMES] = names.data;
	for (size_t i = 0; i < (is_ready(client[0]) ? ARRAY_SIZE(numbers) : 1); i++) {
		int column = numbers[i].column;

		snprintf(number[column], sizeof(number[column]), "%zu", numbers[i].value);
		cell[column] = number[column];
	}
	if (is_ready(client[0]))
		cell[REBOOT] = p->reboot ? "yes" : "no";
	return table_add(table, cell);
}

static int print_groups(
	struct round_client *const *client, size_t n, const struct table_style *style)
{
	AUTO_TABLE struct table *table = table_new("groups", columns, COLUMNS);
	int r = table ? 0 : -ENOMEM;
	size_t from = 0;

	for (size_t i = 1; i <= n && r == 0; i++)
		if (i == n || compare_clients(client[from], client[i]) != 0) {
			r = add_group(table, client + from, i - from);
			from = i;
		}
	return r == 0 ? table_print(table, style) : r;
}

/* --- paths --- */

struct change {
	const char *action, *path, *name;
};

struct changes {
	struct change *change;
	size_t n;
};

/* What a person would have to look at; the rest is counted. */
static bool is_trouble(const char *action)
{
	static const char *const troubles[] = { "SIDE", "SIDE-DEL", "SIDE-TREE", "META-CONFLICT",
		"DEFER" };

	for (size_t i = 0; i < ARRAY_SIZE(troubles); i++)
		if (strcmp(action, troubles[i]) == 0)
			return true;
	return false;
}

static int compare_changes(const struct change *a, const struct change *b)
{
	int order = strcmp(a->path, b->path);

	return order ? order : strcmp(a->action, b->action);
}

static int by_path(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	int order = compare_changes(x, y);

	return order ? order : strverscmp(x->name, y->name);
}

static int find_changes(const struct round *round, struct changes *all)
{
	for (size_t i = 0; i < round->n; i++) {
		const struct round_client *c = &round->client[i];
		const fleet_preview *p = preview_of(c);

		for (u_int k = 0; is_ready(c) && k < p->list.list_len; k++) {
			const fleet_change *change = &p->list.list_val[k];

			if (!is_trouble(change->action))
				continue;
			if (!ARRAY_GROW(all->change, all->n))
				return -ENOMEM;
			all->change[all->n++] =
				(struct change){ change->action, change->path, c->client->name };
		}
	}
	if (all->n)
		qsort(all->change, all->n, sizeof(*all->change), by_path);
	return 0;
}

/* How many from the first on are equal. */
static size_t count_equal(const struct changes *all, size_t from)
{
	size_t n = 1;

	while (from + n < all->n &&
		compare_changes(&all->change[from], &all->change[from + n]) == 0)
		n++;
	return n;
}

static int print_paths(const struct changes *all, const struct table_style *style)
{
	AUTO_TABLE struct table *table = table_new("paths", path_columns, ARRAY_SIZE(path_columns));
	int r = table ? 0 : -ENOMEM;

	for (size_t i = 0, n; i < all->n && r == 0; i += n) {
		AUTO_BUF struct buf names = { 0 };
		char clients[24];

		n = count_equal(all, i);
		for (size_t k = 0; k < n; k++)
			buf_printf(&names, "%s%s", k ? " " : "", all->change[i + k].name);
		buf_add(&names, "", 1);
		snprintf(clients, sizeof(clients), "%zu", n);
		r = names.failed
			    ? -ENOMEM
			    : table_add(table, (const char *[]){ all->change[i].action,
						       all->change[i].path, clients, names.data });
	}
	return r == 0 && all->n ? table_print(table, style) : r;
}

/* --- JSON --- */

static struct json_object *json_client(const struct round_client *c)
{
	const fleet_preview *p = preview_of(c);
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "name", json_object_new_string(c->client->name));
	json_object_object_add(o, "state", json_object_new_string(is_ready(c) ? "ready" : c->why));
	json_object_object_add(o, "ready", json_object_new_boolean(is_ready(c)));
	if (!is_ready(c))
		return o;
	json_add_number(o, "from", p->from);
	json_add_number(o, "updated", p->updated);
	json_add_number(o, "removed", p->removed);
	json_add_number(o, "conflicts", p->conflicts_new);
	json_add_number(o, "deferred", p->deferred);
	json_add_number(o, "restarts", p->restarts);
	json_object_object_add(o, "reboot", json_object_new_boolean(p->reboot));
	json_object_object_add(o, "kernel", *p->kernel ? json_object_new_string(p->kernel) : NULL);
	return o;
}

static struct json_object *json_path(const struct changes *all, size_t from, size_t n)
{
	struct json_object *o = json_object_new_object(), *names = json_object_new_array();

	json_object_object_add(o, "path", json_object_new_string(all->change[from].path));
	json_object_object_add(o, "action", json_object_new_string(all->change[from].action));
	for (size_t k = 0; k < n; k++)
		json_object_array_add(names, json_object_new_string(all->change[from + k].name));
	json_object_object_add(o, "clients", names);
	return o;
}

static void print_json(struct round_client *const *client, size_t n_clients,
	const struct changes *all, uint32_t generation)
{
	struct json_object *o = json_object_new_object();
	struct json_object *clients = json_object_new_array(), *paths = json_object_new_array();

	json_add_number(o, "version", 1);
	json_add_number(o, "generation", generation);
	for (size_t i = 0; i < n_clients; i++)
		json_object_array_add(clients, json_client(client[i]));
	for (size_t i = 0, n; i < all->n; i += n) {
		n = count_equal(all, i);
		json_object_array_add(paths, json_path(all, i, n));
	}
	json_object_object_add(o, "clients", clients);
	json_object_object_add(o, "paths", paths);
	json_print(o);
}

/* --- the command --- */

/* EXIT_UNREACHABLE: it is not known what it would do to some that run. */
static int judge(const struct round *round)
{
	bool conflicts = false, deferred = false, unknown = false;

	for (size_t i = 0; i < round->n; i++) {
		const struct round_client *c = &round->client[i];

		unknown |= !is_ready(c) && c->state != ROUND_OFF;
		conflicts |= is_ready(c) && preview_of(c)->conflicts_new;
		deferred |= is_ready(c) && preview_of(c)->deferred;
	}
	return unknown     ? EXIT_UNREACHABLE
	       : conflicts ? EXIT_CONFLICTS
	       : deferred  ? EXIT_DEFERRED
			   : EXIT_SUCCESS;
}

static int print(const struct round *round, const struct farm_context *c, uint32_t generation)
{
	AUTO_FREE struct round_client **client = calloc(round->n + 1, sizeof(*client));
	struct changes all = { 0 };
	int r = client ? find_changes(round, &all) : -ENOMEM;

	for (size_t i = 0; i < round->n && r == 0; i++)
		client[i] = &round->client[i];
	if (r == 0 && round->n)
		qsort(client, round->n, sizeof(*client), by_group);
	if (r == 0 && c->options.json)
		print_json(client, round->n, &all, generation);
	else if (r == 0 && !c->options.quiet)
		r = print_groups(client, round->n, &c->style);
	if (r == 0 && all.n && !c->options.quiet && table_is_for_person(&c->style)) {
		output_line("%s", "");
		r = print_paths(&all, &(const struct table_style){ .format = NULL });
	}
	free(all.change);
	return r < 0 ? cli_error(r, "the preview") : 0;
}

/* Those of this share alone: what the others would do with a generation of it means nothing. */
static void keep_share(struct client_selection *selection, const char *share)
{
	size_t n = 0;

	for (size_t i = 0; i < selection->n; i++) {
		struct client *c = selection->client[i];

		if (!c->damaged && strcmp(c->record.share, share) == 0)
			selection->client[n++] = c;
	}
	selection->n = n;
}

static int run(struct farm_context *context, uint32_t generation, struct client_session *s,
	struct round *round)
{
	AUTO_CLIENT_SELECTION struct client_selection selection = { 0 };
	int r = client_session_begin(s, context, true, NULL);

	if (r == 0)
		r = client_select(s, (char *[]){ NULL }, true, &selection);
	if (r == 0) {
		keep_share(&selection, context->share.uuid);
		r = round_begin(round, &round_of_preview, &selection);
	}
	for (size_t i = 0; i < round->n && r == 0; i++)
		((fleet_preview_call *)round->client[i].arguments)->generation = generation;
	if (r == 0)
		r = ask(round, context);
	return r == 0 ? print(round, context, generation) : r;
}

int fleet_preview_generation(void *options, char **arguments)
{
	struct farm_context *context = options;
	AUTO_TABLE struct table *table = table_new("groups", columns, COLUMNS);
	AUTO_ROUND struct round round = { 0 };
	struct client_session s = { .lock = -1 };
	uint32_t generation = 0;
	int status;

	if (!table || table_check_style(table, &context->style) < 0 ||
		farm_context_open_share(context) < 0)
		return EXIT_FAILURE;
	if (*arguments)
		generation = farm_context_generation(context, *arguments);
	else if (context->share.n)
		generation = context->share.generation[context->share.n - 1];
	else
		cli_error(0, "%s has no generation yet; see `xenfarm share publish`",
			context->share.path);
	if (!generation)
		return EXIT_FAILURE;
	status = client_session_end(&s, run(context, generation, &s, &round));
	return status ? status : judge(&round);
}
