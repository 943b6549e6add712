#include "farm/fleet/inbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

struct one {
	const fleet_conflict *conflict;
	const char *name;
};

struct all {
	struct one *one;
	size_t n;
};

/* --- order --- */

static int compare_digests(const fleet_digest *a, const fleet_digest *b)
{
	if (a->fleet_digest_len != b->fleet_digest_len)
		return a->fleet_digest_len < b->fleet_digest_len ? -1 : 1;
	return a->fleet_digest_len
		       ? memcmp(a->fleet_digest_val, b->fleet_digest_val, a->fleet_digest_len)
		       : 0;
}

static int compare_conflicts(const fleet_conflict *a, const fleet_conflict *b)
{
	int order = strcmp(a->path, b->path);

	if (!order)
		order = strcmp(a->kind, b->kind);
	if (!order)
		order = compare_digests(&a->local, &b->local);
	if (!order)
		order = compare_digests(&a->offered, &b->offered);
	return order ? order : compare_digests(&a->base, &b->base);
}

static int by_conflict(const void *a, const void *b)
{
	const struct one *x = a, *y = b;
	int order = compare_conflicts(x->conflict, y->conflict);

	return order ? order : strverscmp(x->name, y->name);
}

static int by_size(const void *a, const void *b)
{
	const struct inbox_group *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return compare_conflicts(x->conflict, y->conflict);
}

/* --- groups --- */

static int begin_group(struct inbox *inbox, const struct one *one, size_t i)
{
	if (!ARRAY_GROW(inbox->group, inbox->n))
		return -ENOMEM;
	inbox->group[inbox->n++] = (struct inbox_group){ .conflict = one->conflict,
		.name = &inbox->names[i],
		.since = one->conflict->since,
		.generation = one->conflict->generation };
	return 0;
}

static int make_groups(struct inbox *inbox, const struct all *all)
{
	int r = 0;

	inbox->names = calloc(all->n + 1, sizeof(*inbox->names));
	if (!inbox->names)
		return -ENOMEM;
	for (size_t i = 0; i < all->n && r == 0; i++) {
		const struct one *one = &all->one[i];
		struct inbox_group *group;

		inbox->names[i] = one->name;
		if (i == 0 || compare_conflicts(one[-1].conflict, one->conflict) != 0)
			r = begin_group(inbox, one, i);
		if (r < 0)
			break;
		group = &inbox->group[inbox->n - 1];
		group->n++;
		if (one->conflict->since < group->since)
			group->since = one->conflict->since;
		if (one->conflict->generation < group->generation)
			group->generation = one->conflict->generation;
	}
	if (r == 0 && inbox->n)
		qsort(inbox->group, inbox->n, sizeof(*inbox->group), by_size);
	return r;
}

static int take(struct inbox *inbox, const struct round_client *c, struct all *all)
{
	const fleet_conflicts_reply *reply = c->reply;
	const fleet_conflicts *its = &reply->answer.fleet_conflicts_answer_u.conflicts;

	inbox->silent += c->state == ROUND_SILENT;
	inbox->wrong += c->state == ROUND_WRONG;
	if (c->state != ROUND_ANSWERED || c->result != FLEET_OK)
		return 0;
	inbox->clients += its->total > 0;
	inbox->conflicts += its->total;
	inbox->unlisted += its->total - its->list.list_len;
	for (u_int i = 0; i < its->list.list_len; i++) {
		if (!ARRAY_GROW(all->one, all->n))
			return -ENOMEM;
		all->one[all->n++] = (struct one){ &its->list.list_val[i], c->client->name };
	}
	return 0;
}

int inbox_load(
	struct client_session *s, const struct client_selection *selection, struct inbox *inbox)
{
	struct all all = { 0 };
	int r;

	*inbox = (struct inbox){ 0 };
	r = round_begin(&inbox->round, &round_of_conflicts, selection);
	if (r == 0 && s->context->fleet_options.ssh)
		r = round_ask_by_ssh(&inbox->round, s->context);
	else if (r == 0)
		r = round_ask(&inbox->round, s->context, round_seconds(s->context), NULL);
	if (r < 0)
		return r;
	for (size_t i = 0; i < inbox->round.n && r == 0; i++)
		r = take(inbox, &inbox->round.client[i], &all);
	if (all.n)
		qsort(all.one, all.n, sizeof(*all.one), by_conflict);
	if (r == 0)
		r = make_groups(inbox, &all);
	free(all.one);
	return r < 0 ? cli_error(r, "the conflicts") : 0;
}

void inbox_free(struct inbox *inbox)
{
	free(inbox->group);
	free(inbox->names);
	round_free(&inbox->round);
	*inbox = (struct inbox){ 0 };
}
