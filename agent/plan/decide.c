#include "agent/plan/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"

struct planner {
	const struct plan_input *in;
	struct plan *plan;
	const char **leader[3]; /* of base, local, new: the first path of each hard-link group that
				   is in local and new */
};

enum { BASE, LOCAL, NEW };

/* --- looking at entries --- */

static bool is_dir(const struct manifest_entry *e)
{
	return e && e->type == MANIFEST_DIR;
}

static bool is_file(const struct manifest_entry *e)
{
	return e && e->type == MANIFEST_FILE;
}

bool plan_same_content(const struct manifest_entry *a, const struct manifest_entry *b)
{
	if (!a || !b)
		return a == b;
	if (a->type != b->type || a->type == MANIFEST_SOCKET)
		return false;
	if (a->type == MANIFEST_FILE && (a->digest.has & b->digest.has) == 0)
		return false;
	return (manifest_compare(a, b) & MANIFEST_DIFF_CONTENT) == 0;
}

/* Both are the same in all that counts. */
static bool same(const struct manifest_entry *a, const struct manifest_entry *b)
{
	const unsigned int ignored =
		MANIFEST_DIFF_TIME | (a && a->type == MANIFEST_LINK ? MANIFEST_DIFF_MODE : 0);

	return plan_same_content(a, b) && (!a || (manifest_compare(a, b) & ~ignored) == 0);
}

/* --- the list --- */

static const char *earliest(const char *path, const struct manifest *m, size_t i)
{
	if (i == m->n)
		return path;
	return path && strcmp(path, m->entry[i]->path) < 0 ? path : m->entry[i]->path;
}

static const struct manifest_entry *take(const struct manifest *m, size_t *i, const char *path)
{
	if (*i == m->n || strcmp(m->entry[*i]->path, path) != 0)
		return NULL;
	return m->entry[(*i)++];
}

/* Merge-join of the three lists. */
static bool join(struct planner *p)
{
	const struct manifest *base = p->in->base, *local = p->in->local, *new = p->in->new;
	size_t b = 0, l = 0, n = 0;
	struct plan *plan = p->plan;
	const char *path;

	while ((path = earliest(earliest(earliest(NULL, base, b), local, l), new, n))) {
		if (!ARRAY_GROW(plan->op, plan->n))
			return false;
		plan->op[plan->n++] = (struct plan_op){
			.path = path,
			.base = take(base, &b, path),
			.local = take(local, &l, path),
			.new = take(new, &n, path),
			.cover = PLAN_NONE,
		};
	}
	return true;
}

/* --- one path --- */

static enum plan_action table(const struct plan_op *op)
{
	bool unchanged_here = plan_same_content(op->local, op->base);
	bool unchanged_there = plan_same_content(op->new, op->base);

	if (!op->new && !op->local)
		return PLAN_DROP_BASE;
	if (!op->new && !op->base)
		return PLAN_IGNORE_LOCAL;
	/* A mode, owner or attribute that was set here is an edit, and would go with the file. */
	if (!op->new)
		return same(op->local, op->base) && *op->path ? PLAN_REMOVE : PLAN_KEEP_ORPHAN;
	if (!op->local && !op->base)
		return PLAN_INSTALL;
	if (!op->local)
		return unchanged_there ? PLAN_KEEP_DEL : PLAN_SIDE_DEL;
	if (plan_same_content(op->local, op->new))
		return unchanged_here ? PLAN_NOP : PLAN_ADOPT;
	if (unchanged_there)
		return PLAN_KEEP;
	return unchanged_here ? PLAN_INSTALL : PLAN_SIDE;
}

static enum plan_action by_policy(
	enum policy policy, enum plan_action action, const struct plan_op *op)
{
	switch (policy) {
	case POLICY_HOLD:
		return op->base || op->new ? PLAN_HELD : action;
	case POLICY_KEEP:
		return action == PLAN_SIDE       ? PLAN_KEEP
		       : action == PLAN_SIDE_DEL ? PLAN_KEEP_DEL
						 : action;
	case POLICY_REPLACE:
		return action == PLAN_SIDE || action == PLAN_KEEP || action == PLAN_SIDE_DEL ||
				       action == PLAN_KEEP_DEL
			       ? PLAN_INSTALL
			       : action;
	case POLICY_MERGE:
		return action == PLAN_SIDE && is_file(op->base) && is_file(op->local) &&
				       is_file(op->new)
			       ? PLAN_MERGE
			       : action;
	default:
		return action;
	}
}

static bool same_metadata(const struct manifest_entry *a, const struct manifest_entry *b)
{
	return (manifest_compare(a, b) &
		       (MANIFEST_DIFF_MODE | MANIFEST_DIFF_OWNER | MANIFEST_DIFF_XATTR)) == 0;
}

/*
 * Entries are merged whenever the master's file has changed; the first fill of a client takes the
 * file. New metadata is set with them, under the same lock.
 */
static bool wants_entries(const struct planner *p, const struct plan_op *op)
{
	if (!p->in->is_account_file || !p->in->is_account_file(op->path) || !is_file(op->local) ||
		!is_file(op->new))
		return false;
	if (!plan_same_content(op->local, op->new) && !plan_same_content(op->base, op->new))
		return true;
	return is_file(op->base) && !same_metadata(op->base, op->new) &&
	       !same_metadata(op->local, op->new);
}

/* At the first fill even ignored paths are installed: a client begins with them. */
static bool is_ignored(const struct planner *p, const struct plan_op *op, enum policy policy)
{
	return policy == POLICY_IGNORE && (op->base || op->new) &&
	       !(p->in->base->n == 0 && !op->local);
}

static enum plan_action decide_itself(const struct planner *p, const struct plan_op *op)
{
	enum policy policy =
		policies_find(p->in->policies, op->path, is_dir(op->new) || is_dir(op->local));

	if (is_ignored(p, op, policy))
		return PLAN_EXCLUDED;
	if (policy == POLICY_AUTO && wants_entries(p, op))
		return PLAN_MERGE_ACCOUNTS;
	return by_policy(policy, table(op), op);
}

static enum plan_next next_of(enum plan_action action)
{
	switch (action) {
	case PLAN_NOP:
	case PLAN_ADOPT:
	case PLAN_KEEP:
	case PLAN_KEEP_DEL:
	case PLAN_INSTALL:
	case PLAN_MERGE:
	case PLAN_MERGE_ACCOUNTS:
		return PLAN_NEXT_NEW;
	case PLAN_REMOVE:
	case PLAN_KEEP_ORPHAN:
	case PLAN_DROP_BASE:
	case PLAN_IGNORE_LOCAL:
		return PLAN_NEXT_NONE;
	default:
		return PLAN_NEXT_OLD;
	}
}

static void set(struct plan_op *op, enum plan_action action, const char *why)
{
	op->action = action;
	op->next = next_of(action);
	op->why = why;
}

static void defer(struct plan_op *op, const char *why, int error)
{
	set(op, PLAN_DEFER, why);
	op->error = error;
}

/* --- subtrees --- */

/* The same decision for all below; what the base says of it becomes next. */
static void cover(struct planner *p, size_t top, enum plan_next next)
{
	struct plan_op *op = p->plan->op;
	size_t from, to;

	plan_below(p->plan, op[top].path, &from, &to);
	for (size_t i = from; i < to; i++) {
		set(&op[i], op[top].action, NULL);
		op[i].next = next == PLAN_NEXT_NEW && !op[i].new ? PLAN_NEXT_NONE : next;
		op[i].cover = top;
	}
}

/* Is each path below as base has it, so that no edit is lost? New may have it or not. */
static bool nothing_local_below(const struct planner *p, const struct plan_op *top)
{
	size_t from, to;

	plan_below(p->plan, top->path, &from, &to);
	for (size_t i = from; i < to; i++) {
		const struct plan_op *op = &p->plan->op[i];

		if (op->local && (op->local->mountpoint || op->local->volume || op->local->error ||
					 !same(op->local, op->base)))
			return false;
		if (op->local && decide_itself(p, op) != PLAN_REMOVE)
			return false;
	}
	return true;
}

/* What is unknown below stays as it is; that matters only where the master changed it. */
static void defer_below(struct planner *p, size_t top, const char *why, int error)
{
	struct plan_op *op = p->plan->op;
	size_t from, to;

	plan_below(p->plan, op[top].path, &from, &to);
	for (size_t i = from; i < to; i++) {
		set(&op[i], PLAN_NOP, NULL);
		op[i].next = PLAN_NEXT_OLD;
		op[i].cover = top;
		if (!same(op[i].base, op[i].new))
			defer(&op[i], why, error);
	}
}

/* A path that cannot be read, or that something is mounted on, is not absent. */
static bool decide_unknown(struct planner *p, size_t i)
{
	struct plan_op *op = &p->plan->op[i];
	const struct manifest_entry *l = op->local;
	const char *why = "something is mounted there";
	bool is_there;

	/* A volume can be entered, but neither removed nor replaced. */
	bool in_the_way = l && l->volume && (op->base || op->new) && !is_dir(op->new);

	if (!l || !*op->path || !(l->mountpoint || l->error || in_the_way))
		return false;
	if (l->error)
		why = l->error == ENODEV ? "its file system is not mounted" : "cannot be read";
	/* That it is there is all that can be seen of a mount point: adopted once. */
	is_there = is_dir(l) && is_dir(op->new) && !l->error;
	set(op, is_there && !same(op->base, op->new) ? PLAN_ADOPT : PLAN_NOP, NULL);
	if (op->action == PLAN_NOP && !same(op->base, op->new))
		defer(op, why, l->error);
	else if (op->action == PLAN_NOP)
		op->next = PLAN_NEXT_OLD;
	defer_below(p, i, why, l->error);
	return true;
}

/* A directory is replaced by something else: it goes to the trash with all that it holds. */
static void replace_directory(struct planner *p, size_t top)
{
	struct plan_op *op = p->plan->op;
	size_t from, to;

	if (!nothing_local_below(p, &op[top])) {
		set(&op[top], PLAN_SIDE_TREE, NULL);
		cover(p, top, PLAN_NEXT_OLD);
		return;
	}
	cover(p, top, PLAN_NEXT_NONE);
	plan_below(p->plan, op[top].path, &from, &to);
	for (size_t i = from; i < to; i++)
		op[i].action = op[i].local ? PLAN_REMOVE : PLAN_DROP_BASE;
}

/* The administrator's symbolic link where a directory is expected. */
static bool is_relocated(const struct planner *p, const struct plan_op *op)
{
	return !p->in->undo && op->local && op->local->type == MANIFEST_LINK &&
	       !(op->base && op->base->type == MANIFEST_LINK);
}

/* The local version is kept (KEEP) or stands against new (SIDE). */
static void keep_tree(struct planner *p, size_t i)
{
	struct plan_op *op = &p->plan->op[i];
	bool keep = op->action == PLAN_KEEP;

	if (is_dir(op->new) && is_relocated(p, op)) {
		set(op, PLAN_RELOCATED, NULL);
		cover(p, i, PLAN_NEXT_OLD);
	} else if (is_dir(op->new) && keep) {
		cover(p, i, PLAN_NEXT_NEW);
	} else if (!keep && (is_dir(op->new) || is_dir(op->base))) {
		set(op, PLAN_SIDE_TREE, NULL);
		cover(p, i, PLAN_NEXT_OLD);
	}
}

/* A directory on one side, and something else or nothing on another. */
static void decide_directory(struct planner *p, size_t i)
{
	struct plan_op *op = &p->plan->op[i];

	switch (op->action) {
	case PLAN_KEEP_DEL:
		if (!p->in->undo)
			cover(p, i, PLAN_NEXT_NEW);
		break;
	case PLAN_SIDE_DEL:
		if (is_dir(op->new))
			cover(p, i, PLAN_NEXT_OLD);
		break;
	case PLAN_KEEP:
		if (!p->in->undo)
			keep_tree(p, i);
		break;
	case PLAN_SIDE:
		keep_tree(p, i);
		break;
	case PLAN_INSTALL:
		if (!is_dir(op->new) && is_dir(op->local))
			replace_directory(p, i);
		break;
	default:
		break;
	}
}

static bool stays_or_comes(const struct plan_op *op)
{
	switch (op->action) {
	case PLAN_NOP:
	case PLAN_ADOPT:
	case PLAN_KEEP:
	case PLAN_INSTALL:
	case PLAN_MERGE:
	case PLAN_MERGE_ACCOUNTS:
		return op->new != NULL;
	case PLAN_SIDE:
		return op->base != NULL;
	default:
		return false;
	}
}

/* --- hard links --- */

static const char *leader_of(const struct planner *p, int which, const struct manifest_entry *e)
{
	return e && e->group ? p->leader[which][e->group] : NULL;
}

static bool same_leader(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static const char *other(const struct plan_op *op, const char *leader)
{
	return leader && strcmp(leader, op->path) == 0 ? NULL : leader;
}

/*
 * Which names share an inode is decided like content, if the content itself has not changed. A link
 * that the master made is made here if there was none, and one that the base has is broken if the
 * master broke it.
 */
static void decide_links(const struct planner *p, struct plan_op *op)
{
	const char *base = other(op, leader_of(p, BASE, op->base));
	const char *local = other(op, leader_of(p, LOCAL, op->local));

	op->leader = other(op, leader_of(p, NEW, op->new));
	if ((op->action == PLAN_NOP || op->action == PLAN_ADOPT) && !same_leader(local, op->leader))
		op->relink = op->base ? same_leader(local, base) : op->leader != NULL;
}

/* A name that is missing here, or on the master, leads no group. */
static bool find_leaders(struct planner *p)
{
	const struct manifest *list[] = { p->in->base, p->in->local, p->in->new };

	for (int which = BASE; which <= NEW; which++) {
		p->leader[which] =
			calloc((size_t)manifest_highest_group(list[which]) + 1, sizeof(char *));
		if (!p->leader[which])
			return false;
	}
	for (size_t i = 0; i < p->plan->n; i++) {
		const struct plan_op *op = &p->plan->op[i];
		const struct manifest_entry *e[] = { op->base, op->local, op->new };

		for (int which = BASE; which <= NEW && op->local && op->new; which++)
			if (e[which] && e[which]->group && !p->leader[which][e[which]->group])
				p->leader[which][e[which]->group] = op->path;
	}
	return true;
}

/* --- all paths --- */

/*
 * An INSTALL needs its directory: one that exists, or that is made by another INSTALL, which then
 * covers this one.
 */
static void find_place(struct planner *p, size_t i, struct plan_op *parent)
{
	struct plan_op *op = &p->plan->op[i];

	op->offerable = parent && is_dir(parent->local);
	op->aside = p->in->undo && !op->offerable;
	if (op->action == PLAN_SIDE_DEL && !op->offerable)
		op->next = PLAN_NEXT_NEW;
	if (op->action == PLAN_INSTALL && op->aside &&
		!(parent && parent->action == PLAN_INSTALL)) {
		set(op, PLAN_SIDE_DEL, NULL);
		if (is_dir(op->new))
			cover(p, i, PLAN_NEXT_OLD);
	}
	if (op->action != PLAN_INSTALL || op->offerable || !parent)
		return;
	if (parent->action == PLAN_INSTALL && is_dir(parent->new))
		op->cover =
			parent->cover == PLAN_NONE ? (size_t)(parent - p->plan->op) : parent->cover;
	else
		defer(op, "its directory does not exist", 0);
}

static struct plan_op *parent_of(
	const struct planner *p, const char *path, const struct plan_op *last)
{
	const struct plan_op *parent = plan_parent(p->plan, path, last);

	return parent ? &p->plan->op[parent - p->plan->op] : NULL;
}

static bool decide(struct planner *p)
{
	struct plan_op *parent = NULL;

	for (size_t i = 0; i < p->plan->n; i++) {
		struct plan_op *op = &p->plan->op[i];

		if (op->cover != PLAN_NONE)
			continue;
		set(op, decide_itself(p, op), NULL);
		if (op->action != PLAN_EXCLUDED && decide_unknown(p, i))
			continue;
		parent = *op->path ? parent_of(p, op->path, parent) : NULL;
		decide_directory(p, i);
		find_place(p, i, parent);
		decide_links(p, op);
		if (stays_or_comes(op) && !plan_metadata(op, p->plan->made))
			return false;
	}
	return true;
}

/*
 * Directories that the master dropped are removed only if all that they hold is; the topmost covers
 * the rest. Going backwards, a directory comes after all that it holds.
 */
static void settle_removals(struct planner *p)
{
	struct plan_op *op = p->plan->op, *parent = NULL;

	for (size_t i = p->plan->n; i-- > 1;) {
		if (!op[i].local || op[i].action == PLAN_REMOVE)
			continue;
		parent = parent_of(p, op[i].path, parent);
		if (parent && parent->action == PLAN_REMOVE)
			set(parent, PLAN_KEEP_ORPHAN, "it holds something else");
	}
	for (size_t i = 1; i < p->plan->n; i++) {
		if (op[i].action != PLAN_REMOVE || op[i].cover != PLAN_NONE)
			continue;
		parent = parent_of(p, op[i].path, parent);
		if (parent && parent->action == PLAN_REMOVE)
			op[i].cover =
				parent->cover == PLAN_NONE ? (size_t)(parent - op) : parent->cover;
	}
}

int plan_make(const struct plan_input *input, struct plan **plan)
{
	struct planner p = { .in = input, .plan = calloc(1, sizeof(struct plan)) };
	bool ok = p.plan && (p.plan->made = manifest_new()) && join(&p) && find_leaders(&p) &&
		  decide(&p);

	if (ok)
		settle_removals(&p);
	for (int which = BASE; which <= NEW; which++)
		free(p.leader[which]);
	if (!ok) {
		plan_free(p.plan);
		return -ENOMEM;
	}
	if (input->choice)
		plan_choose(p.plan, input->chosen_path, input->choice);
	*plan = p.plan;
	return 0;
}
