/* xenfarm reconcile and message: what is asked of all clients at once, each of which takes it or
 * not. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "farm/fleet/order.h"
#include "farm/fleet/round.h"
#include "farm/output.h"
#include "farm/table.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/exit.h"

struct order {
	const char *command, *done, *already; /* "reconcile", "asked", "were asked before" */
	const struct round_question *question;
	/* Complete what is asked; NULL: it is complete. Returns 0, or -errno after a message. */
	int (*compose)(struct round *round, const char *text);
};

static const struct table_column columns[] = {
	{ "name", "NAME", TABLE_TEXT, false },
	{ "result", "RESULT", TABLE_TEXT, false },
	{ "done", "DONE", TABLE_BOOL, false },
};

static bool is_done(const struct round_client *c)
{
	return c->state == ROUND_ANSWERED && (c->result == FLEET_OK || c->result == FLEET_ALREADY);
}

static const char *result_of(const struct order *order, const struct round_client *c)
{
	if (!is_done(c))
		return *c->why ? c->why : "failed";
	return c->result == FLEET_OK ? order->done : order->already;
}

/* A person is told of those that did not take it; a script of all. */
static int print(struct client_session *s, const struct order *order, const struct round *round)
{
	AUTO_TABLE struct table *table = table_new("clients", columns, ARRAY_SIZE(columns));
	bool all = !table_is_for_person(&s->context->style);
	int r = table ? 0 : -ENOMEM;
	size_t listed = 0;

	for (size_t i = 0; i < round->n && r == 0; i++) {
		const struct round_client *c = &round->client[i];

		if (is_done(c) && !all)
			continue;
		listed++;
		r = table_add(table, (const char *[]){ c->client->name, result_of(order, c),
					     is_done(c) ? "yes" : "no" });
	}
	return r == 0 && (all || listed) && !s->context->options.quiet
		       ? table_print(table, &s->context->style)
		       : r;
}

/* Returns 0, or the exit status. */
static int finish(struct client_session *s, const struct order *order, const struct round *round)
{
	size_t done = 0, already = 0;

	for (size_t i = 0; i < round->n; i++) {
		const struct round_client *c = &round->client[i];

		done += is_done(c);
		already += is_done(c) && c->result == FLEET_ALREADY;
		if (!is_done(c))
			operation_failed(&s->operation, c->client->name);
	}
	if (table_is_for_person(&s->context->style)) {
		output_line("%zu of %zu %s", done, round->n, order->done);
		if (already)
			output_line("%zu of them %s", already, order->already);
	}
	return done == round->n ? EXIT_SUCCESS : EXIT_UNREACHABLE;
}

void order_begin_operation(struct client_session *s, const char *command, char *const *arguments)
{
	AUTO_FREE const char **words = client_words(command, arguments);

	if (!words)
		return;
	operation_begin(&s->operation, s->context->settings.log, words + 1, false);
	s->in_operation = true;
}

static int run(struct farm_context *context, const struct order *order, char **names, bool all,
	const char *text)
{
	AUTO_CLIENT_SELECTION struct client_selection selection = { 0 };
	AUTO_ROUND struct round round = { 0 };
	struct client_session s = { .lock = -1 };
	int r = client_session_begin(&s, context, true, names), status = EXIT_SUCCESS;

	if (r == 0)
		r = client_select(&s, names, all, &selection);
	if (r == 0)
		r = round_begin(&round, order->question, &selection);
	if (r == 0 && order->compose)
		r = order->compose(&round, text);
	if (r == 0)
		order_begin_operation(&s, order->command, names);
	if (r == 0)
		r = round_ask(&round, context, round_seconds(context), NULL);
	if (r == 0)
		r = print(&s, order, &round);
	if (r == 0)
		status = finish(&s, order, &round);
	return client_session_end(&s, r) ?: status;
}

/* --- reconcile --- */

int fleet_reconcile(void *options, char **arguments)
{
	static const struct order order = { "reconcile", "asked to reconcile",
		"had been asked already", &round_of_reconcile, NULL };
	struct farm_context *context = options;

	if (context->client_options.wait)
		return fleet_reconcile_and_wait(context, arguments);
	return run(context, &order, arguments, context->client_options.all, NULL);
}

/* --- message --- */

/* RFC 9562, version 4 */
static int make_uuid(char text[static FLEET_UUID_MAX + 1])
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		return -errno;
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	snprintf(text, FLEET_UUID_MAX + 1,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		b[15]);
	return 0;
}

/* All get the same message, with one id: who gets it twice shows it once. */
static int compose_message(struct round *round, const char *text)
{
	static char id[FLEET_UUID_MAX + 1], from[FLEET_NAME_MAX + 1];
	char host[128] = "";
	int r = make_uuid(id);

	if (r < 0)
		return cli_error(r, "random numbers");
	gethostname(host, sizeof(host) - 1);
	snprintf(from, sizeof(from), "%s@%s", operation_user(), host);
	for (size_t i = 0; i < round->n; i++) {
		fleet_message *m = round->client[i].arguments;

		m->id = id;
		m->from = from;
		m->sent = time(NULL);
		m->text = (char *)(uintptr_t)text;
	}
	return 0;
}

static int check_text(const char *text)
{
	size_t n = strlen(text);

	if (n == 0 || n > FLEET_MESSAGE_MAX)
		return cli_error(EXIT_USAGE, "a message has 1 to %d bytes", FLEET_MESSAGE_MAX);
	if (!fleet_lines_ok(text))
		return cli_error(EXIT_USAGE, "a message is UTF-8 text, without control characters");
	return 0;
}

int fleet_send_message(void *options, char **arguments)
{
	static const struct order order = { "message", "got it", "had got it already",
		&round_of_message, compose_message };
	struct farm_context *context = options;
	size_t n = 0;
	char *text;
	int status;

	while (arguments[n + 1])
		n++;
	text = arguments[n];
	arguments[n] = NULL; /* what is left are names */
	status = check_text(text);
	return status ? status : run(context, &order, arguments, context->client_options.all, text);
}
