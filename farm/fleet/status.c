#include "farm/fleet/status.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "farm/fleet/seen.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/exit.h"

/* What it says now is what it said last, the next time. */
static int keep(int directory, struct status_client *c)
{
	return directory < 0 ? 0 : seen_write(directory, c->client->uuid, &c->status);
}

static int fill(const struct client_session *s, struct status_list *list, size_t i, int directory)
{
	uint32_t published;

	const struct round_client *answer = &list->round.client[i];
	struct status_client *c = &list->client[i];

	*c = (struct status_client){
		.client = answer->client, .state = answer->state, .why = answer->why
	};
	if (answer->state != ROUND_ANSWERED) {
		c->known = directory >= 0 &&
			   seen_read(directory, c->client->uuid, &c->status, &c->seen);
		return 0;
	}
	/* The status is the round's, and freed with it. */
	c->status = ((fleet_status_reply *)answer->reply)->answer.fleet_status_answer_u.status;
	/* Its agent may have looked at the share an hour ago. */
	published = client_generation(s, c->client);
	if (published)
		c->status.available = published;
	c->known = c->is_new = true;
	c->seen = list->now;
	c->why = client_state(c->client);
	return keep(directory, c);
}

static int fill_all(const struct client_session *s, struct status_list *list)
{
	const char *path = s->context->settings.fleet;
	AUTO_CLOSE int directory = seen_open(path);
	int r = directory < 0 ? directory : 0, one;

	for (; list->n < list->round.n; list->n++)
		if ((one = fill(s, list, list->n, directory)) < 0 && r == 0)
			r = one;
	if (r < 0 && r != -EACCES) /* who may not write there still sees what is */
		cli_error(r, "%s: what clients say cannot be kept", path);
	return 0;
}

int status_load(struct client_session *s, const struct client_selection *selection,
	enum status_way way, struct status_list *list)
{
	int r;

	*list = (struct status_list){ .now = time(NULL) };
	r = round_begin(&list->round, &round_of_status, selection);
	list->client = calloc(selection->n + 1, sizeof(*list->client));
	if (r == 0 && !list->client)
		r = cli_error(-ENOMEM, "the clients");
	if (r == 0 && way == STATUS_ASK)
		r = round_ask(&list->round, s->context, round_seconds(s->context), NULL);
	else if (r == 0 && way == STATUS_SSH)
		r = round_ask_by_ssh(&list->round, s->context);
	list->now = time(NULL);
	return r < 0 ? r : fill_all(s, list);
}

/* Those that answered have little to do: one second is more than enough. */
int status_load_servers(struct client_session *s, struct status_list *list)
{
	AUTO_CLIENT_SELECTION struct client_selection some = { 0 };
	struct round *round = &list->of_servers;
	size_t next = 0;
	int r;

	some.client = calloc(list->n + 1, sizeof(*some.client));
	if (!some.client)
		return cli_error(-ENOMEM, "the clients");
	for (size_t i = 0; i < list->n; i++)
		if (list->client[i].state == ROUND_ANSWERED) /* they are only read */
			some.client[some.n++] = (struct client *)(uintptr_t)list->client[i].client;
	r = round_begin(round, &round_of_server, &some);
	if (r == 0)
		r = round_ask(round, s->context, 1, NULL);
	for (size_t i = 0; i < list->n && next < round->n && r == 0; i++) {
		const struct round_client *c = &round->client[next];

		if (list->client[i].client != c->client)
			continue;
		if (c->state == ROUND_ANSWERED && c->result == FLEET_OK)
			list->client[i].server = ((const fleet_server_reply *)c->reply)->server;
		next++;
	}
	return r;
}

void status_free(struct status_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->client[i].known && !list->client[i].is_new)
			xdr_free((xdrproc_t)xdr_fleet_status, &list->client[i].status);
	free(list->client);
	round_free(&list->round);
	round_free(&list->of_servers);
	*list = (struct status_list){ 0 };
}

bool status_is_behind(const fleet_status *s)
{
	return s->generation < s->available;
}

/* What is known of those that are off or silent is not counted: it may have changed. */
static void count(struct status_totals *t, const struct status_client *c)
{
	t->answered += c->state == ROUND_ANSWERED;
	t->silent += c->state == ROUND_SILENT;
	t->wrong += c->state == ROUND_WRONG;
	t->off += c->state == ROUND_OFF;
	if (!c->is_new)
		return;
	t->conflicts += c->status.conflicts > 0;
	t->n_conflicts += c->status.conflicts;
	t->deferred += c->status.deferred > 0;
	t->restarts += c->status.restarts > 0;
	t->reboot += c->status.reboot;
	t->behind += status_is_behind(&c->status);
}

struct status_totals status_count(const struct status_list *list)
{
	struct status_totals t = { .clients = list->n };

	for (size_t i = 0; i < list->n; i++)
		count(&t, &list->client[i]);
	return t;
}

int status_exit(const struct status_totals *t)
{
	if (t->silent || t->wrong)
		return EXIT_UNREACHABLE;
	return t->conflicts ? EXIT_CONFLICTS : t->deferred ? EXIT_DEFERRED : EXIT_SUCCESS;
}

struct status_age status_age(int64_t seen, int64_t now)
{
	static const struct {
		int64_t seconds;
		const char *unit;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
	struct status_age age = { "now" };
	int64_t n = now - seen;

	if (seen == 0)
		return (struct status_age){ "never" };
	for (size_t i = 0; i < 4 && n > 1; i++)
		if (n >= units[i].seconds) {
			snprintf(age.text, sizeof(age.text), "%jd %s ago",
				(intmax_t)(n / units[i].seconds), units[i].unit);
			break;
		}
	return age;
}
