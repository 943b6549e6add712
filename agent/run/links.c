#include "agent/run/links.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/fsroot.h"

/* Of one inode: how many of its names get the same metadata as the first that gets any. */
struct links {
	const struct outcome *outcome;
	const struct plan *plan;
	int root;
	struct alike {
		const struct manifest_entry *after;
		nlink_t names;
	} * alike; /* by the hard-link group in local */
};

static bool same_metadata(const struct manifest_entry *a, const struct manifest_entry *b)
{
	return (manifest_compare(a, b) &
		       (MANIFEST_DIFF_MODE | MANIFEST_DIFF_OWNER | MANIFEST_DIFF_XATTR)) == 0;
}

static enum plan_action action_of(const struct links *links, const struct plan_op *op)
{
	return outcome_of(links->outcome, op)->action;
}

static bool stays(const struct links *links, const struct plan_op *op)
{
	enum plan_action action = action_of(links, op);

	return op->local && (action == PLAN_NOP || action == PLAN_ADOPT || action == PLAN_KEEP ||
				    action == PLAN_SIDE);
}

/* The metadata that op's file will have. */
static const struct manifest_entry *in_the_end(const struct plan_op *op)
{
	return op->after ? op->after : op->local;
}

static void count_alike(struct links *links)
{
	for (size_t i = 0; i < links->plan->n; i++) {
		const struct plan_op *op = &links->plan->op[i];
		struct alike *of = op->local ? &links->alike[op->local->group] : NULL;

		if (!stays(links, op) || op->relink || !op->after)
			continue;
		if (!of->after)
			of->after = op->after;
		of->names += same_metadata(of->after, op->after);
	}
}

struct links *links_new(const struct outcome *outcome, const struct manifest *local, int root)
{
	struct links *links = calloc(1, sizeof(*links));

	if (!links)
		return NULL;
	*links = (struct links){ outcome, outcome->plan, root,
		calloc((size_t)manifest_highest_group(local) + 1, sizeof(*links->alike)) };
	if (!links->alike) {
		free(links);
		return NULL;
	}
	count_alike(links);
	return links;
}

void links_free(struct links *links)
{
	if (links)
		free(links->alike);
	free(links);
}

/* Can the metadata be set in place: does every name of the inode get the same? */
static bool alike(const struct links *links, const struct plan_op *op)
{
	const struct alike *of = &links->alike[op->local->group];
	const char *name;
	AUTO_CLOSE int parent = fsroot_parent(links->root, op->path, &name);
	struct stat st;

	if (op->local->type == MANIFEST_DIR || parent < 0 ||
		fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_nlink == 1)
		return true;
	return op->local->group && of->names == st.st_nlink && same_metadata(of->after, op->after);
}

/* Does the file at op's path stay in place? */
static bool in_place(const struct links *links, const struct plan_op *op)
{
	enum plan_action action = action_of(links, op);

	return (action == PLAN_NOP || action == PLAN_ADOPT) && op->local && !op->relink &&
	       (!op->after || alike(links, op));
}

/* The op to share an inode with, if both will have the same metadata. */
static const struct plan_op *leader_of(const struct links *links, const struct plan_op *op)
{
	const struct plan_op *leader = op->leader ? plan_find(links->plan, op->leader) : NULL;
	enum plan_action action = leader ? action_of(links, leader) : PLAN_DEFER;

	if (!leader || leader->cover != PLAN_NONE || !in_the_end(leader) ||
		(action != PLAN_NOP && action != PLAN_ADOPT && action != PLAN_INSTALL))
		return NULL;
	return same_metadata(in_the_end(leader), in_the_end(op)) ? leader : NULL;
}

const char *links_target(const struct links *links, const struct plan_op *op)
{
	const struct plan_op *leader = leader_of(links, op);

	return leader && in_place(links, leader) ? leader->path : NULL;
}

/* op's file with the metadata that it will have, in the hard-link group that the master has it in.
 */
static const struct manifest_entry *entry_of(struct changes *changes, const struct plan_op *op)
{
	const struct manifest_entry *like = in_the_end(op);
	struct manifest_entry e = *op->local;

	e.mode = like->mode;
	e.uid = like->uid;
	e.gid = like->gid;
	e.uname = like->uname;
	e.gname = like->gname;
	e.xattr = like->xattr;
	e.nxattrs = like->nxattrs;
	e.group = plan_same_content(op->local, op->new) ? op->new->group : 0;
	e.nlink = 1;
	return changes_entry(changes, &e);
}

int links_add_change(const struct links *links, const struct plan_op *op, struct changes *changes)
{
	bool linked = op->relink && (leader_of(links, op) || op->local->group);
	struct change c = {
		.kind = CHANGE_META,
		.path = op->path,
		.before = op->local,
		.within = CHANGE_NONE,
		.op = (size_t)(op - links->plan->op),
		.from = CHANGE_FROM_ROOT,
		.source = op->path,
	};

	if (!linked && !op->after)
		return 0;
	c.after = entry_of(changes, op);
	if (linked || !alike(links, op))
		c.kind = CHANGE_REPLACE;
	if (linked && links_target(links, op)) {
		c.from = CHANGE_FROM_LINK;
		c.source = links_target(links, op);
	}
	return c.after && changes_add(changes, &c) ? 0 : -ENOMEM;
}
