#include "farm/fleet/verdict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/fleet/status.h"
#include "lib/array.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

typedef int each_fn(
	const struct client_session *session, const struct status_client *client, void *arg);

static int each_client(struct client_session *s, const char *share, each_fn *each, void *arg)
{
	AUTO_CLIENT_SELECTION struct client_selection all = { 0 };
	AUTO_STATUS struct status_list list = { 0 };
	char *none[] = { NULL };
	int r = client_select(s, none, true, &all);

	if (r == 0)
		r = status_load(s, &all, STATUS_ASK, &list);
	for (size_t i = 0; i < list.n && r == 0; i++) {
		const struct client *c = list.client[i].client;

		if (!c->damaged && strcmp(c->record.share, share) == 0)
			r = each(s, &list.client[i], arg);
	}
	return r;
}

/* The context's share, and its lock, stay as they are, whichever shares its clients have. */
static int ask(const struct farm_context *context, each_fn *each, void *arg)
{
	struct farm_context own = *context;
	struct client_session s = { .lock = -1 };
	int r;

	own.share = (struct share_store){ .dir = -1, .lock = -1 };
	r = client_session_begin(&s, &own, true, NULL);
	if (r == 0)
		r = client_session_need_all(&s);
	if (r == 0)
		r = each_client(&s, context->share.uuid, each, arg);
	client_session_end(&s, r);
	share_close(&own.share);
	return r;
}

/* --- is it good? --- */

struct verdict {
	uint32_t generation;
	size_t have; /* clients that have applied it */
	struct buf against;
};

static int judge(const struct client_session *session, const struct status_client *c, void *arg)
{
	struct verdict *v = arg;
	bool has = c->known && c->status.generation == v->generation;
	const char *comma = v->against.size ? ", " : "";

	if (c->state == ROUND_OFF)
		return 0;
	if (c->is_new && has && c->status.conflicts)
		buf_printf(&v->against, "%s%s has conflicts", comma, c->client->name);
	if (!c->is_new && (has || client_generation(session, c->client) == v->generation))
		buf_printf(&v->against, "%s%s: %s", comma, c->client->name, c->why);
	v->have += c->is_new && has;
	return 0;
}

int verdict_ask(const struct farm_context *context, uint32_t generation)
{
	struct verdict v = { .generation = generation };
	int r = ask(context, judge, &v);

	buf_add(&v.against, "", 1);
	if (r == 0 && (v.against.failed || v.against.size > 1))
		r = -cli_error(ECANCELED, "generation %u is not promoted (--unless conflicts): %s",
			generation, v.against.failed ? "out of memory" : v.against.data);
	else if (r == 0 && v.have == 0)
		r = -cli_error(ECANCELED,
			"generation %u is not promoted (--unless conflicts): no client has applied "
			"it yet",
			generation);
	buf_free(&v.against);
	return r;
}

/* --- is it in use? --- */

struct users {
	const struct share_store *share;
	struct in_use *in_use;
};

/* Was generation i replaced after that? Its successor's manifest says when. */
static bool was_there(const struct share_store *share, size_t i, int64_t since)
{
	struct stat st;

	return i + 1 >= share->n ||
	       fstatat(share->dir,
		       share_name("manifest", share->generation[i + 1], ".mtree.gz").text, &st,
		       0) < 0 ||
	       st.st_mtime >= since;
}

/* What it has applied; and if services of it run files that were replaced, all that it may have
 * them from, since it was booted. */
static int note_answer(const struct users *u, const char *name, const fleet_status *s)
{
	int r = s->generation ? in_use_add(u->in_use, s->generation, "applied by %s", name) : 0;

	for (size_t i = 0; i < u->share->n && s->restarts && r == 0; i++)
		if (u->share->generation[i] < s->generation && was_there(u->share, i, s->up_since))
			r = in_use_add(u->in_use, u->share->generation[i],
				"services of %s run files that were replaced", name);
	return r;
}

/* It may have gone on to any later one; if it never answered, it may have any. */
static int note_silence(const struct users *u, const struct status_client *c)
{
	uint32_t had = c->known ? c->status.generation : 0;
	int r = 0;

	for (size_t i = 0; i < u->share->n && r == 0; i++) {
		uint32_t generation = u->share->generation[i];

		if (generation >= had && had)
			r = in_use_add(u->in_use, generation,
				"%s may run from it: %s, and it had %u when it answered last",
				c->client->name, c->why, had);
		else if (!had)
			r = in_use_add(u->in_use, generation,
				"%s may run from it: %s, and it has never answered",
				c->client->name, c->why);
	}
	return r;
}

static int note(const struct client_session *session, const struct status_client *c, void *arg)
{
	const struct users *u = arg;

	(void)session;
	if (c->state == ROUND_OFF)
		return 0;
	return c->is_new ? note_answer(u, c->client->name, &c->status) : note_silence(u, c);
}

int verdict_in_use(struct farm_context *context, struct in_use *in_use)
{
	struct users users = { &context->share, in_use };

	return ask(context, note, &users);
}
