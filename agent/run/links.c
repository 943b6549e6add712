#include "agent/run/links.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/fsroot.h"

/* Of one inode: how many of its names get the same metadata as the first one that gets some. */
struct links {
	struct alike {
		const struct manifest_entry *after;
		nlink_t names;
	} * alike; /* by the hard-link group in a->local */
};

static bool same_metadata(const struct manifest_entry *a, const struct manifest_entry *b)
{
	return (manifest_compare(a, b) &
		       (MANIFEST_DIFF_MODE | MANIFEST_DIFF_OWNER | MANIFEST_DIFF_XATTR)) == 0;
}

static bool stays(const struct plan_op *op)
{
	return op->local && (op->action == PLAN_NOP || op->action == PLAN_ADOPT ||
				    op->action == PLAN_KEEP || op->action == PLAN_SIDE);
}

/* What op's file has in the end, as far as metadata goes. */
static const struct manifest_entry *in_the_end(const struct plan_op *op)
{
	return op->after ? op->after : op->local;
}

struct links *links_new(const struct agent *a)
{
	struct links *links = calloc(1, sizeof(*links));
	uint32_t highest = 0;

	for (size_t i = 0; i < a->local->n; i++)
		if (a->local->entry[i]->group > highest)
			highest = a->local->entry[i]->group;
	if (links)
		links->alike = calloc((size_t)highest + 1, sizeof(*links->alike));
	if (!links || !links->alike) {
		free(links);
		return NULL;
	}
	for (size_t i = 0; i < a->plan->n; i++) {
		const struct plan_op *op = &a->plan->op[i];
		struct alike *of = op->local ? &links->alike[op->local->group] : NULL;

		if (!stays(op) || op->relink || !op->after)
			continue;
		if (!of->after)
			of->after = op->after;
		of->names += same_metadata(of->after, op->after);
	}
	return links;
}

void links_free(struct links *links)
{
	if (links)
		free(links->alike);
	free(links);
}

/* Can the metadata be set in place: does every name of the inode get the same? */
static bool alike(const struct agent *a, const struct links *links, const struct plan_op *op)
{
	const struct alike *of = &links->alike[op->local->group];
	const char *name;
	AUTO_CLOSE int parent = fsroot_parent(a->root, op->path, &name);
	struct stat st;

	if (op->local->type == MANIFEST_DIR || parent < 0 ||
		fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_nlink == 1)
		return true;
	return op->local->group && of->names == st.st_nlink && same_metadata(of->after, op->after);
}

/* Stays the file that is at op's path now what it is? */
static bool in_place(const struct agent *a, const struct links *links, const struct plan_op *op)
{
	return (op->action == PLAN_NOP || op->action == PLAN_ADOPT) && op->local && !op->relink &&
	       (!op->after || alike(a, links, op));
}

/* The op that op shall share its inode with, if what both will have allows it. */
static const struct plan_op *leader_of(const struct agent *a, const struct plan_op *op)
{
	const struct plan_op *leader = op->leader ? plan_find(a->plan, op->leader) : NULL;

	if (!leader || leader->cover != PLAN_NONE || !in_the_end(leader) ||
		(leader->action != PLAN_NOP && leader->action != PLAN_ADOPT &&
			leader->action != PLAN_INSTALL))
		return NULL;
	return same_metadata(in_the_end(leader), in_the_end(op)) ? leader : NULL;
}

const char *links_target(const struct agent *a, const struct links *links, const struct plan_op *op)
{
	const struct plan_op *leader = leader_of(a, op);

	return leader && in_place(a, links, leader) ? leader->path : NULL;
}

/* op's file with the metadata that it will have, in the hard-link group that the master has it in.
 */
static const struct manifest_entry *entry_of(struct agent *a, const struct plan_op *op)
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
	return manifest_add(a->made, &e);
}

int links_add_change(struct agent *a, const struct links *links, const struct plan_op *op)
{
	bool linked = op->relink && (leader_of(a, op) || op->local->group);
	struct change c = {
		.kind = CHANGE_META,
		.path = op->path,
		.before = op->local,
		.within = CHANGE_NONE,
		.op = (size_t)(op - a->plan->op),
		.from = CHANGE_FROM_ROOT,
		.source = op->path,
	};

	if (!linked && !op->after)
		return 0;
	c.after = entry_of(a, op);
	if (linked || !alike(a, links, op))
		c.kind = CHANGE_REPLACE;
	if (linked && links_target(a, links, op)) {
		c.from = CHANGE_FROM_LINK;
		c.source = links_target(a, links, op);
	}
	return c.after && changes_add(&a->changes, &c) ? 0 : -ENOMEM;
}
