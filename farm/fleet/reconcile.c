/*
 * xenfarm reconcile: let clients take what is published; with --wait, until they have. An agent
 * does not call back: its report says when its last run ended. A run that is asked for begins a
 * second later (agent/service/work.c), so its end is later, in whole seconds, than that of any run
 * which was reported before.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "farm/fleet/order.h"
#include "farm/fleet/round.h"
#include "farm/output.h"
#include "farm/table.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/exit.h"

#define WAIT_SECONDS 300 /* for all runs, without --timeout */

enum { NAME, RESULT, DONE, GENERATION, CONFLICTS, DEFERRED, COLUMNS };

static const struct table_column columns[COLUMNS] = {
	[NAME] = { "name", "NAME", TABLE_TEXT, false },
	[RESULT] = { "result", "RESULT", TABLE_TEXT, false },
	[DONE] = { "done", "DONE", TABLE_BOOL, false },
	[GENERATION] = { "generation", "GENERATION", TABLE_NUMBER, false },
	[CONFLICTS] = { "conflicts", "CONFLICTS", TABLE_NUMBER, false },
	[DEFERRED] = { "deferred", "DEFERRED", TABLE_NUMBER, false },
};

struct run {
	struct client *client;
	int64_t before; /* when its last run had ended */
	bool open, done;
	char why[200];
	uint32_t generation, conflicts, deferred; /* of a run that is done */
	int status;                               /* its exit status */
};

struct runs {
	struct run *run;
	size_t n, n_open;
};

static const fleet_status *status_of(const struct round_client *c)
{
	return c->state == ROUND_ANSWERED && c->result == FLEET_OK
		       ? &((const fleet_status_reply *)c->reply)
				  ->answer.fleet_status_answer_u.status
		       : NULL;
}

/* Ask those that are open; each gets the answer. Returns 0, or -errno after a message. */
static int ask(struct runs *runs, const struct farm_context *context,
	const struct round_question *question, unsigned int seconds,
	void (*take)(const struct client_session *, struct run *, const struct round_client *),
	const struct client_session *s)
{
	AUTO_CLIENT_SELECTION struct client_selection open = { 0 };
	AUTO_ROUND struct round round = { 0 };
	size_t next = 0;
	int r;

	open.client = calloc(runs->n + 1, sizeof(*open.client));
	if (!open.client)
		return cli_error(-ENOMEM, "the clients");
	for (size_t i = 0; i < runs->n; i++)
		if (runs->run[i].open)
			open.client[open.n++] = runs->run[i].client;
	r = round_begin(&round, question, &open);
	if (r == 0)
		r = round_ask(&round, context, seconds, NULL);
	for (size_t i = 0; i < runs->n && r == 0; i++)
		if (runs->run[i].open) {
			take(s, &runs->run[i], &round.client[next++]);
			runs->n_open -= !runs->run[i].open;
		}
	return r;
}

/* One that has no report yet has had no run. */
static void take_before(
	const struct client_session *s, struct run *run, const struct round_client *c)
{
	const fleet_status *status = status_of(c);

	(void)s;
	run->before = status ? status->run : 0;
}

static void take_order(
	const struct client_session *s, struct run *run, const struct round_client *c)
{
	(void)s;
	run->open =
		c->state == ROUND_ANSWERED && (c->result == FLEET_OK || c->result == FLEET_ALREADY);
	snprintf(run->why, sizeof(run->why), "%s", run->open ? "" : *c->why ? c->why : "failed");
}

/* A run that was at work already may have missed what was published since. */
static bool is_earlier(
	const struct client_session *s, const struct run *run, const fleet_status *status)
{
	bool failed = status->result > 0 && status->result != EXIT_CONFLICTS &&
		      status->result != EXIT_DEFERRED;

	if (status->run <= run->before)
		return true;
	/* One that was moved runs from its former channel until it is started again. */
	if (failed || status->rolled_back ||
		strcmp(status->channel, run->client->record.channel) != 0)
		return false;
	return status->generation < client_generation(s, run->client);
}

static void take_status(
	const struct client_session *s, struct run *run, const struct round_client *c)
{
	const fleet_status *status = status_of(c);

	if (!status || is_earlier(s, run, status))
		return;
	run->open = false;
	run->status = status->result;
	run->generation = status->generation;
	run->conflicts = status->conflicts;
	run->deferred = status->deferred;
	run->done = status->result == EXIT_SUCCESS || status->result == EXIT_CONFLICTS ||
		    status->result == EXIT_DEFERRED;
	if (!run->done)
		snprintf(
			run->why, sizeof(run->why), "its run ended with status %d", status->result);
}

/* Until all runs have ended, or the time has. */
static int wait_for(struct runs *runs, const struct client_session *s, time_t end)
{
	int r = 0;

	while (r == 0 && runs->n_open && time(NULL) < end) {
		time_t left = end - time(NULL);

		output_count("reconcile", runs->n - runs->n_open, runs->n);
		sleep(1);
		r = ask(runs, s->context, &round_of_status,
			left < ROUND_SECONDS ? 1 : ROUND_SECONDS, take_status, s);
	}
	for (size_t i = 0; i < runs->n && r == 0; i++)
		if (runs->run[i].open)
			snprintf(runs->run[i].why, sizeof(runs->run[i].why),
				"its run was not done in time");
	return r;
}

/* --- the result --- */

static const char *result_of(const struct run *run)
{
	if (!run->done)
		return run->why;
	return run->conflicts  ? "done, with conflicts"
	       : run->deferred ? "done, with deferred paths"
			       : "done";
}

static int add(struct table *table, const struct run *run)
{
	char number[COLUMNS][16];
	const char *cell[COLUMNS] = { [NAME] = run->client->name,
		[RESULT] = result_of(run),
		[DONE] = run->done ? "yes" : "no" };
	const uint32_t value[COLUMNS] = { [GENERATION] = run->generation,
		[CONFLICTS] = run->conflicts,
		[DEFERRED] = run->deferred };

	for (int i = GENERATION; run->done && i < COLUMNS; i++) {
		snprintf(number[i], sizeof(number[i]), "%u", value[i]);
		cell[i] = number[i];
	}
	return table_add(table, cell);
}

static int print(struct client_session *s, const struct runs *runs, struct table *table)
{
	size_t done = 0;
	int r = 0;

	for (size_t i = 0; i < runs->n && r == 0; i++) {
		r = add(table, &runs->run[i]);
		done += runs->run[i].done;
		if (!runs->run[i].done)
			operation_failed(&s->operation, runs->run[i].client->name);
	}
	if (r == 0 && !s->context->options.quiet)
		r = table_print(table, &s->context->style);
	if (r == 0 && table_is_for_person(&s->context->style))
		output_line("%zu of %zu reconciled", done, runs->n);
	return r;
}

static int judge(const struct runs *runs)
{
	bool failed = false, conflicts = false, deferred = false;

	for (size_t i = 0; i < runs->n; i++) {
		failed |= !runs->run[i].done;
		conflicts |= runs->run[i].done && runs->run[i].conflicts;
		deferred |= runs->run[i].done && runs->run[i].deferred;
	}
	return failed      ? EXIT_UNREACHABLE
	       : conflicts ? EXIT_CONFLICTS
	       : deferred  ? EXIT_DEFERRED
			   : EXIT_SUCCESS;
}

static int begin(struct runs *runs, const struct client_selection *selection)
{
	runs->run = calloc(selection->n + 1, sizeof(*runs->run));
	if (!runs->run)
		return cli_error(-ENOMEM, "the clients");
	runs->n = runs->n_open = selection->n;
	for (size_t i = 0; i < runs->n; i++)
		runs->run[i] = (struct run){ .client = selection->client[i], .open = true };
	return 0;
}

/* All of it within the one deadline. */
static int reconcile(struct client_session *s, struct runs *runs)
{
	const struct farm_context *c = s->context;
	unsigned int seconds = c->options.timeout ? c->options.timeout : WAIT_SECONDS;
	unsigned int each = seconds < ROUND_SECONDS ? seconds : ROUND_SECONDS;
	time_t end = time(NULL) + seconds;
	int r = ask(runs, c, &round_of_status, each, take_before, s);

	if (r == 0)
		r = ask(runs, c, &round_of_reconcile, each, take_order, s);
	return r == 0 ? wait_for(runs, s, end) : r;
}

int fleet_reconcile_and_wait(struct farm_context *context, char **arguments)
{
	AUTO_CLIENT_SELECTION struct client_selection selection = { 0 };
	AUTO_TABLE struct table *table = table_new("clients", columns, COLUMNS);
	struct client_session s = { .lock = -1 };
	struct runs runs = { 0 };
	int r = table ? table_check_style(table, &context->style) : -ENOMEM;

	if (r < 0)
		return EXIT_FAILURE;
	r = client_session_begin(&s, context, true, arguments);
	if (r == 0)
		r = client_select(&s, arguments, context->client_options.all, &selection);
	if (r == 0)
		r = begin(&runs, &selection);
	if (r == 0) {
		order_begin_operation(&s, "reconcile", arguments);
		virt_watch_end();
		r = reconcile(&s, &runs);
	}
	if (r == 0)
		r = print(&s, &runs, table);
	r = client_session_end(&s, r) ?: judge(&runs);
	free(runs.run);
	return r;
}
