/* A plan as a list: its paths, the base that follows from it, and the words for it. */
#include <stdlib.h>
#include <string.h>

#include "lib/sorted.h"

#include "agent/plan/plan.h"

/* --- paths --- */

static int by_path(const void *key, const void *member)
{
	const struct plan_op *op = member;

	return strcmp(key, op->path);
}

struct plan_op *plan_find(const struct plan *plan, const char *path)
{
	return plan->n ? bsearch(path, plan->op, plan->n, sizeof(*plan->op), by_path) : NULL;
}

static const char *path_at(const void *ops, size_t i)
{
	return ((const struct plan_op *)ops)[i].path;
}

void plan_below(const struct plan *plan, const char *path, size_t *from, size_t *to)
{
	sorted_below(plan->op, plan->n, path_at, path, from, to);
}

struct plan_op *plan_parent(const struct plan *plan, const char *path, struct plan_op *last)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;
	char parent[MANIFEST_PATH_MAX + 1];

	if (last && strncmp(last->path, path, n) == 0 && last->path[n] == '\0')
		return last;
	memcpy(parent, path, n);
	parent[n] = '\0';
	return plan_find(plan, parent);
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	manifest_free(plan->made);
	free(plan->op);
	free(plan);
}

/* --- the next base --- */

static bool is_dir(const struct manifest_entry *e)
{
	return e && e->type == MANIFEST_DIR;
}

static const struct manifest_entry *next_entry(const struct plan_op *op)
{
	if (op->next == PLAN_NEXT_OLD)
		return op->base;
	if (op->next == PLAN_NEXT_NEW)
		return op->settled ? op->settled : op->new;
	return NULL;
}

/*
 * A list has the directory of each of its paths: one that itself would not be in the next base (it
 * is ignored, or its conflict is new) is there for the sake of what it holds.
 */
static void close_upwards(const struct plan *plan, const struct manifest_entry **chosen)
{
	struct plan_op *parent = NULL;

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

static bool add_rest(
	struct manifest *rest, const struct plan *plan, const struct manifest_entry **chosen)
{
	for (size_t i = 0; i < plan->n; i++)
		chosen[i] = next_entry(&plan->op[i]);
	close_upwards(plan, chosen);
	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_op *op = &plan->op[i];
		struct manifest_entry *copy;

		if (!chosen[i])
			continue;
		if (!chosen[i]->group) {
			if (!manifest_refer(rest, chosen[i]))
				return false;
			continue;
		}
		copy = manifest_add(rest, chosen[i]);
		if (!copy)
			return false;
		/* The groups of two generations in one list: told apart by where they come from. */
		copy->group =
			chosen[i] == op->settled ? 0 : 2 * copy->group + (chosen[i] == op->base);
	}
	return manifest_sort(rest);
}

struct manifest *plan_next_base(const struct plan *plan, const struct manifest_head *head)
{
	const struct manifest_entry **chosen = calloc(plan->n + 1, sizeof(*chosen));
	struct manifest *rest = manifest_new();

	if (rest)
		rest->head = *head;
	if (!chosen || !rest || !add_rest(rest, plan, chosen)) {
		manifest_free(rest);
		rest = NULL;
	}
	free(chosen);
	return rest;
}

/* --- guards and names --- */

#define SHRINK_FROM 200 /* entries of a base from which on losing half of them is suspicious */

const char *plan_guard(const struct manifest *base, const struct manifest *new, bool older)
{
	if (base->n == 0)
		return new->n > 1 ? NULL : "the manifest is empty";
	if (strcmp(base->head.share, new->head.share) != 0)
		return "the manifest is of another share";
	if (!older && new->head.generation < base->head.generation)
		return "the generation is older than the one applied (to go back: xf-agent "
		       "rollback)";
	if (new->n <= 1)
		return "the manifest is empty";
	if (base->n >= SHRINK_FROM && new->n < base->n / 2)
		return "the manifest has less than half of the entries that it had";
	return NULL;
}

const char *plan_op_label(const struct plan_op *op)
{
	static const char *const label[PLAN_ACTIONS] = {
		[PLAN_NOP] = "NOP",
		[PLAN_IGNORE_LOCAL] = "IGNORE-LOCAL",
		[PLAN_EXCLUDED] = "EXCLUDED",
		[PLAN_HELD] = "HELD",
		[PLAN_ADOPT] = "ADOPT",
		[PLAN_DROP_BASE] = "DROP-BASE",
		[PLAN_KEEP] = "KEEP",
		[PLAN_KEEP_DEL] = "KEEP-DEL",
		[PLAN_KEEP_ORPHAN] = "KEEP-ORPHAN",
		[PLAN_INSTALL] = "INSTALL",
		[PLAN_REMOVE] = "REMOVE",
		[PLAN_MERGE] = "MERGE",
		[PLAN_MERGE_ACCOUNTS] = "MERGE-ROWS",
		[PLAN_SIDE] = "SIDE",
		[PLAN_SIDE_DEL] = "SIDE-DEL",
		[PLAN_SIDE_TREE] = "SIDE-TREE",
		[PLAN_RELOCATED] = "RELOCATED-DIR",
		[PLAN_DEFER] = "DEFER",
	};

	if (op->action != PLAN_NOP && op->action != PLAN_ADOPT)
		return label[op->action];
	if (op->meta & PLAN_META_CONFLICT)
		return "META-CONFLICT";
	if (op->meta & PLAN_META_TAKEN)
		return "TAKE-META";
	if (op->relink)
		return "RELINK";
	return op->meta & PLAN_META_KEPT && op->action == PLAN_NOP ? "KEEP-META"
								   : label[op->action];
}
