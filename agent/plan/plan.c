#include "agent/plan/plan.h"

#include <stdlib.h>
#include <string.h>

#include "lib/sorted.h"

/* --- paths --- */

static int by_path(const void *key, const void *member)
{
	const struct plan_op *op = member;

	return strcmp(key, op->path);
}

const struct plan_op *plan_find(const struct plan *plan, const char *path)
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

const struct plan_op *plan_parent(
	const struct plan *plan, const char *path, const struct plan_op *last)
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

const char *plan_op_label(const struct plan_op *op, enum plan_action action)
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

	if (action != PLAN_NOP && action != PLAN_ADOPT)
		return label[action];
	if (op->meta & PLAN_META_CONFLICT)
		return "META-CONFLICT";
	if (op->meta & PLAN_META_TAKEN)
		return "TAKE-META";
	if (op->relink)
		return "RELINK";
	return op->meta & PLAN_META_KEPT && action == PLAN_NOP ? "KEEP-META" : label[action];
}
