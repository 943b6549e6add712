#include "agent/merge/offers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/paths.h"

struct settle {
	const struct offers_input *in;
	const struct plan *plan;
	struct changes *changes;
	struct conflicts *next;
};

/* --- names --- */

bool offers_is_offer(const char *path)
{
	for (size_t n; *path; path += n + (path[n] == '/')) {
		n = strcspn(path, "/");
		if (manifest_is_offer(path, n))
			return true;
	}
	return false;
}

/* Programs read all files of such a directory, whatever their names: offers are not put into it. */
static bool is_read_by_glob(const char *path, size_t directory)
{
	static const char *const names[] = { "crontabs", "skel", "sites-enabled", "conf-enabled",
		"mods-enabled", "system-connections", "alternatives" };
	const char *name = memrchr(path, '/', directory);
	size_t n;

	name = name ? name + 1 : path;
	n = (size_t)(path + directory - name);
	if ((n > 2 && memcmp(name + n - 2, ".d", 2) == 0) ||
		(n > 5 && memcmp(name, "cron.", 5) == 0))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (n == strlen(names[i]) && memcmp(name, names[i], n) == 0)
			return true;
	return false;
}

bool offer_place(
	const char *path, unsigned int number, bool aside, char place[static MANIFEST_PATH_MAX + 2])
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	bool pending = aside || (slash && is_read_by_glob(path, (size_t)(slash - path))) ||
		       strlen(name) + strlen(PATH_OFFER) + 5 > MANIFEST_NAME_MAX ||
		       strlen(path) + strlen(PATH_OFFER) + 5 > MANIFEST_PATH_MAX;
	char suffix[16] = "";
	int n;

	if (number)
		snprintf(suffix, sizeof(suffix), ".%u", number);
	n = snprintf(place, MANIFEST_PATH_MAX + 2, "%s%s%s%s", pending ? "/" : "", path,
		pending ? "" : PATH_OFFER, suffix);
	return n <= MANIFEST_PATH_MAX;
}

/* --- what is at a place --- */

static const struct manifest *list_of(const struct settle *s, const char *place)
{
	return offer_is_pending(place) ? s->in->pending : s->in->local;
}

static int print_at(const struct settle *s, const char *place, struct fingerprint *print)
{
	return fingerprint_of(list_of(s, place), place + offer_is_pending(place), print);
}

/* --- changes --- */

/*
 * As the master has it, but not executable, and readable by nobody who cannot read the local file.
 */
static struct manifest_entry *offered_entry(struct settle *s, const struct manifest_entry *new,
	const struct manifest_entry *local, const char *path)
{
	struct manifest_entry e = *new;

	e.path = path;
	e.nxattrs = 0;
	e.group = 0;
	e.nlink = 1;
	e.mode &= e.type == MANIFEST_DIR ? 0777 : 0666;
	if (local && local->type != MANIFEST_LINK)
		e.mode &= local->mode |
			  (e.type == MANIFEST_DIR ? 0700 | (local->mode & 0444) >> 2 : 0);
	return changes_entry(s->changes, &e);
}

static bool add_removal(struct settle *s, const char *place)
{
	const struct manifest *list = list_of(s, place);
	const struct manifest_entry *e = manifest_find(list, place + offer_is_pending(place));

	return changes_add(s->changes, &(struct change){ .kind = CHANGE_REMOVE,
					       .pending = offer_is_pending(place),
					       .path = e->path,
					       .before = e,
					       .within = CHANGE_NONE,
					       .op = CHANGE_NONE,
					       .seen = list });
}

/* The offer at place, with all that is below it. */
static bool add_writing(struct settle *s, const struct plan_op *op, const char *place)
{
	size_t top = s->changes->n, from, to, at = (size_t)(op - s->plan->op);
	char path[2 * MANIFEST_PATH_MAX + 2];

	plan_below(s->plan, op->path, &from, &to);
	for (size_t i = at; i < to; i = i == at ? from : i + 1) {
		const struct plan_op *o = &s->plan->op[i];
		struct manifest_entry *e;

		if (!o->new)
			continue;
		snprintf(path, sizeof(path), "%s%s", place + offer_is_pending(place),
			o->path + strlen(op->path));
		e = offered_entry(s, o->new, op->local, path);
		if (!e || !changes_add(s->changes, &(struct change){ .kind = CHANGE_CREATE,
							   .pending = offer_is_pending(place),
							   .path = e->path,
							   .after = e,
							   .within = i == at ? CHANGE_NONE : top,
							   .op = CHANGE_NONE,
							   .source = o->path }))
			return false;
		if (op->new->type != MANIFEST_DIR)
			break;
	}
	return true;
}

/* --- one conflict --- */

static int record(struct settle *s, const struct conflict *c)
{
	return conflicts_add(s->next, c) ? 0 : -ENOMEM;
}

/* A fresh offer, at the first place that is free, or that holds the very same. */
static int offer(struct settle *s, const struct plan_op *op, struct conflict *c)
{
	char place[MANIFEST_PATH_MAX + 2];
	struct fingerprint there;
	int r;

	for (unsigned int number = 0; number < OFFERS_BESIDE; number++) {
		if (!offer_place(op->path, number, op->aside, place))
			return 0;
		r = print_at(s, place, &there);
		if (r < 0)
			return r;
		c->place = place;
		if (fingerprint_same(&there, &c->offered))
			return record(s, c);
		if (fingerprint_absent(&there))
			return add_writing(s, op, place) ? record(s, c) : -ENOMEM;
	}
	return 0;
}

/* There was an offer: old. */
static int settle_standing(
	struct settle *s, const struct plan_op *op, const struct conflict *old, struct conflict *c)
{
	bool same_news = fingerprint_same(&old->offered, &c->offered);
	struct fingerprint there;
	int r = print_at(s, old->place, &there);

	if (r < 0)
		return r;
	if (same_news && !fingerprint_absent(&there)) {
		c->since = old->since;
		c->generation = old->generation;
		c->place = old->place;
		c->local = old->local;
		return record(s, c);
	}
	/* The administrator has changed the file and taken the offer away: that is a merge. */
	if (same_news && !fingerprint_same(&old->local, &c->local)) {
		outcome_resolve(s->in->outcome, op);
		return 0;
	}
	if (same_news) {
		c->kind = CONFLICT_DISMISSED;
		c->place = NULL;
		return record(s, c);
	}
	if (!fingerprint_same(&there, &old->offered))
		return offer(s, op, c);
	c->place = old->place;
	if (!add_removal(s, old->place) || !add_writing(s, op, old->place))
		return -ENOMEM;
	return record(s, c);
}

static int settle_op(struct settle *s, const struct plan_op *op)
{
	const struct conflict *standing = conflicts_find(s->in->old, CONFLICT_OFFER, op->path);
	const struct conflict *dismissed = conflicts_find(s->in->old, CONFLICT_DISMISSED, op->path);
	struct conflict c = { s->in->undo ? CONFLICT_FORMER : CONFLICT_OFFER,
		.path = (char *)op->path, .generation = s->in->generation, .since = s->in->now };
	int r = fingerprint_of(s->in->new, op->path, &c.offered);

	r = r < 0 ? r : fingerprint_of(s->in->local, op->path, &c.local);
	if (r < 0)
		return r;
	if (s->in->undo)
		return offer(s, op, &c);
	if (dismissed && fingerprint_same(&dismissed->offered, &c.offered))
		return record(s, dismissed);
	return standing ? settle_standing(s, op, standing, &c) : offer(s, op, &c);
}

static bool is_offered(const struct settle *s, const struct plan_op *op)
{
	enum plan_action action = outcome_of(s->in->outcome, op)->action;

	return op->cover == PLAN_NONE && op->new &&
	       (action == PLAN_SIDE || action == PLAN_SIDE_TREE ||
		       (action == PLAN_SIDE_DEL && (op->offerable || op->aside)));
}

/* Is the place of an old offer taken by a new one? */
static bool is_taken(const struct settle *s, const char *place)
{
	for (size_t i = 0; i < s->next->n; i++)
		if (s->next->conflict[i].kind == CONFLICT_FORMER &&
			strcmp(s->next->conflict[i].place, place) == 0)
			return true;
	return false;
}

/* An offer that is not of this plan: it is withdrawn, unless it was edited. */
static int withdraw_one(struct settle *s, const struct conflict *old)
{
	struct fingerprint there, local;
	int r = print_at(s, old->place, &there);

	r = r < 0 ? r : fingerprint_of(s->in->local, old->path, &local);
	if (r < 0 || fingerprint_absent(&there) || is_taken(s, old->place))
		return r;
	/* If the file is now as it was offered, the offer is not needed. */
	if (old->kind == CONFLICT_FORMER && !fingerprint_same(&local, &old->offered))
		return record(s, old);
	if (fingerprint_same(&there, &old->offered))
		return add_removal(s, old->place) ? 0 : -ENOMEM;
	return s->in->undo ? record(s, old) : 0;
}

static int withdraw(struct settle *s)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->in->old->n; i++) {
		const struct conflict *old = &s->in->old->conflict[i];
		const struct plan_op *op = plan_find(s->plan, old->path);

		if (old->kind == CONFLICT_OFFER && op &&
			outcome_of(s->in->outcome, op)->action == PLAN_DEFER)
			r = record(s, old);
		else if (old->kind == CONFLICT_FORMER ||
			 (old->kind == CONFLICT_OFFER &&
				 (s->in->undo || !op || !is_offered(s, op))))
			r = withdraw_one(s, old);
	}
	return r;
}

int offers_settle(const struct offers_input *input, struct changes *changes, struct conflicts *next)
{
	struct settle s = { input, input->outcome->plan, changes, next };
	int r = 0;

	for (size_t i = 0; r == 0 && i < s.plan->n; i++)
		if (is_offered(&s, &s.plan->op[i]))
			r = settle_op(&s, &s.plan->op[i]);
	return r < 0 ? r : withdraw(&s);
}
