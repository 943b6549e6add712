#include "agent/plan/next-base.h"

#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/sorted.h"

static bool is_dir(const struct manifest_entry *e)
{
	return e && e->type == MANIFEST_DIR;
}

static const struct manifest_entry *next_entry(
	const struct outcome *outcome, const struct plan_op *op)
{
	enum plan_next next = outcome_of(outcome, op)->next;

	if (next == PLAN_NEXT_OLD)
		return op->base;
	if (next == PLAN_NEXT_NEW)
		return op->settled ? op->settled : op->new;
	return NULL;
}

/*
 * A list has the directory of each of its paths: one that would not be in the next base by itself
 * (it is ignored, or its conflict is new) is added for what it holds.
 */
static void close_upwards(const struct plan *plan, const struct manifest_entry **chosen)
{
	const struct plan_op *parent = NULL;

	for (size_t i = plan->n; i-- > 1;) {
		size_t at;

		if (!chosen[i])
			continue;
		parent = plan_parent(plan, plan->op[i].path, parent);
		at = parent ? (size_t)(parent - plan->op) : 0;
		if (parent && parent->settled && !is_dir(chosen[at]) && is_dir(parent->new))
			chosen[at] = parent->settled;
		else if (parent && !chosen[at])
			chosen[at] = is_dir(parent->new) ? parent->new : parent->base;
	}
	for (size_t i = 1; i < plan->n; i++) {
		parent = chosen[i] ? plan_parent(plan, plan->op[i].path, parent) : parent;
		if (chosen[i] && (!parent || !is_dir(chosen[parent - plan->op])))
			chosen[i] = NULL;
	}
}

static bool add_next(
	struct manifest *next, const struct outcome *outcome, const struct manifest_entry **chosen)
{
	const struct plan *plan = outcome->plan;

	for (size_t i = 0; i < plan->n; i++)
		chosen[i] = next_entry(outcome, &plan->op[i]);
	close_upwards(plan, chosen);
	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_op *op = &plan->op[i];
		struct manifest_entry *copy;

		if (!chosen[i])
			continue;
		if (!chosen[i]->group) {
			if (!manifest_refer(next, chosen[i]))
				return false;
			continue;
		}
		copy = manifest_add(next, chosen[i]);
		if (!copy)
			return false;
		/* Groups of two lists in one: odd numbers are those of the old base. */
		copy->group =
			chosen[i] == op->settled ? 0 : 2 * copy->group + (chosen[i] == op->base);
	}
	return manifest_sort(next);
}

struct manifest *next_base_make(const struct outcome *outcome, const struct manifest_head *head)
{
	AUTO_FREE const struct manifest_entry **chosen =
		calloc(outcome->plan->n + 1, sizeof(*chosen));
	struct manifest *next = manifest_new();

	if (next)
		next->head = *head;
	if (!chosen || !next || !add_next(next, outcome, chosen)) {
		manifest_free(next);
		next = NULL;
	}
	return next;
}

/* --- less what was not made --- */

/* A path of the next or of the old base, or of both. */
struct pick {
	const char *path;
	const struct manifest_entry *next, *old, *chosen;
};

struct picks {
	struct pick *pick;
	size_t n;
};

static int add_pick(const struct manifest_entry *next, const struct manifest_entry *old, void *arg)
{
	struct picks *p = arg;

	p->pick[p->n++] = (struct pick){ next ? next->path : old->path, next, old, next };
	return 0;
}

static int by_path(const void *key, const void *member)
{
	const struct pick *p = member;

	return strcmp(key, p->path);
}

static struct pick *find_pick(const struct picks *p, const char *path, size_t n)
{
	char key[MANIFEST_PATH_MAX + 1];

	memcpy(key, path, n);
	key[n] = '\0';
	return p->n ? bsearch(key, p->pick, p->n, sizeof(*p->pick), by_path) : NULL;
}

static struct pick *parent_of(const struct picks *p, const struct pick *pick)
{
	const char *slash = strrchr(pick->path, '/');

	return find_pick(p, pick->path, slash ? (size_t)(slash - pick->path) : 0);
}

static const char *path_at(const void *picks, size_t i)
{
	return ((const struct pick *)picks)[i].path;
}

static void take_back(const struct picks *p, const struct next_base_undone *u)
{
	struct pick *pick = find_pick(p, u->path, strlen(u->path));
	size_t from, to;

	if (pick)
		pick->chosen = pick->old;
	if (u->only)
		return;
	sorted_below(p->pick, p->n, path_at, u->path, &from, &to);
	for (size_t i = from; i < to; i++)
		p->pick[i].chosen = p->pick[i].old;
}

/* A list has the directory of each of its paths. */
static void close_picks(const struct picks *p)
{
	for (size_t i = p->n; i-- > 1;) {
		struct pick *parent = p->pick[i].chosen ? parent_of(p, &p->pick[i]) : NULL;

		if (parent && !parent->chosen)
			parent->chosen = is_dir(parent->old) ? parent->old : parent->next;
	}
	for (size_t i = 1; i < p->n; i++) {
		struct pick *parent = p->pick[i].chosen ? parent_of(p, &p->pick[i]) : NULL;

		if (!parent || !is_dir(parent->chosen))
			p->pick[i].chosen = NULL;
	}
}

static bool add_chosen(struct manifest *base, const struct picks *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct pick *pick = &p->pick[i];
		struct manifest_entry *copy =
			pick->chosen ? manifest_add(base, pick->chosen) : NULL;

		if (pick->chosen && !copy)
			return false;
		/* Groups of two lists in one: odd numbers are those of the old base. */
		if (copy && copy->group)
			copy->group = 2 * copy->group + (pick->chosen == pick->old);
	}
	return manifest_sort(base);
}

struct manifest *next_base_without(const struct manifest *next, const struct manifest *old,
	const struct next_base_undone *undone, size_t n)
{
	struct picks p = { calloc(next->n + old->n + 1, sizeof(*p.pick)), 0 };
	struct manifest *base = manifest_new();

	if (p.pick && base) {
		manifest_join(next, old, add_pick, &p);
		for (size_t i = 0; i < n; i++)
			take_back(&p, &undone[i]);
		close_picks(&p);
		base->head = next->head;
	}
	if (!p.pick || !base || !add_chosen(base, &p)) {
		manifest_free(base);
		base = NULL;
	}
	free(p.pick);
	return base;
}
