/* The metadata of a path: mode, owner, group and each extended attribute, three-way. */
#include <string.h>

#include "agent/plan/plan.h"

#define CAPABILITY "security.capability"
#define SETID      06000u

/* The three sides of one path. base is NULL where it says nothing about local's and new's kind. */
struct sides {
	const struct manifest_entry *base, *local, *new;
	struct manifest_entry after, settled;
	struct manifest_xattr after_xattr[2 * MANIFEST_XATTRS_MAX];
	struct manifest_xattr settled_xattr[2 * MANIFEST_XATTRS_MAX];
	unsigned int meta;
};

enum side { SAME, KEEP, TAKE, CONFLICT };

/* Of one dimension: is local as base has it, new as base, local as new? */
static enum side decide(struct sides *s, bool local_is_base, bool new_is_base, bool local_is_new)
{
	if (local_is_new)
		return SAME;
	if (s->base && local_is_base) {
		s->meta |= PLAN_META_TAKEN;
		return TAKE;
	}
	if (s->base && new_is_base) {
		s->meta |= PLAN_META_KEPT;
		return KEEP;
	}
	s->meta |= PLAN_META_CONFLICT;
	return CONFLICT;
}

/* Where there is no base, a conflict is recorded as a value that neither side has. */
static uint32_t neither(uint32_t a, uint32_t b)
{
	uint32_t value = 0;

	while (value == a || value == b)
		value++;
	return value;
}

/*
 * New content gets a mode that was changed here, but not the setuid and setgid bits that the master
 * dropped: the new program was not written for them.
 */
static void decide_mode(struct sides *s, bool new_content)
{
	const struct manifest_entry *b = s->base, *l = s->local, *n = s->new;
	enum side side;

	if (n->type == MANIFEST_LINK)
		return;
	side = decide(s, b && l->mode == b->mode, b && n->mode == b->mode, l->mode == n->mode);
	if (side == KEEP || side == CONFLICT)
		s->after.mode = l->mode;
	if (side == CONFLICT)
		s->settled.mode = b ? b->mode : neither(l->mode, n->mode);
	if (new_content && b)
		s->after.mode &= ~(b->mode & ~n->mode & SETID);
}

static bool same_id(const char *a, const char *b, uint32_t x, uint32_t y)
{
	return a && b ? strcmp(a, b) == 0 : x == y;
}

static bool same_user(const struct manifest_entry *a, const struct manifest_entry *b)
{
	return a && b && same_id(a->uname, b->uname, a->uid, b->uid);
}

static bool same_group(const struct manifest_entry *a, const struct manifest_entry *b)
{
	return a && b && same_id(a->gname, b->gname, a->gid, b->gid);
}

static const struct manifest_entry nobody_else = { .uid = UINT32_MAX, .gid = UINT32_MAX };

static void copy_user(struct manifest_entry *to, const struct manifest_entry *from)
{
	to->uname = from->uname;
	to->uid = from->uid;
}

static void copy_group(struct manifest_entry *to, const struct manifest_entry *from)
{
	to->gname = from->gname;
	to->gid = from->gid;
}

static void decide_owner(struct sides *s)
{
	const struct manifest_entry *b = s->base, *l = s->local, *n = s->new;
	enum side side = decide(s, same_user(l, b), same_user(n, b), same_user(l, n));

	if (side == KEEP || side == CONFLICT)
		copy_user(&s->after, l);
	if (side == CONFLICT)
		copy_user(&s->settled, b ? b : &nobody_else);
	side = decide(s, same_group(l, b), same_group(n, b), same_group(l, n));
	if (side == KEEP || side == CONFLICT)
		copy_group(&s->after, l);
	if (side == CONFLICT)
		copy_group(&s->settled, b ? b : &nobody_else);
}

/* The next attribute of e if it is name, and then goes past it. */
static const struct manifest_xattr *take(
	const struct manifest_entry *e, uint32_t *i, const char *name)
{
	if (!e || *i == e->nxattrs || strcmp(e->xattr[*i].name, name) != 0)
		return NULL;
	return &e->xattr[(*i)++];
}

static bool same_xattr(const struct manifest_xattr *a, const struct manifest_xattr *b)
{
	if (!a || !b)
		return a == b;
	return a->size == b->size && memcmp(a->value, b->value, a->size) == 0;
}

static void add(struct manifest_entry *e, struct manifest_xattr *to, const struct manifest_xattr *x)
{
	if (x && e->nxattrs < MANIFEST_XATTRS_MAX)
		to[e->nxattrs++] = *x;
}

/* As neither(): absent, or where one of them is absent another value. */
static const struct manifest_xattr *neither_xattr(
	const struct manifest_xattr *a, const struct manifest_xattr *b, struct manifest_xattr *room)
{
	if (a && b)
		return NULL;
	*room = a ? *a : *b;
	room->size = room->size == 0;
	room->value = "?";
	return room;
}

static void decide_xattr(struct sides *s, bool new_content, const struct manifest_xattr *b,
	const struct manifest_xattr *l, const struct manifest_xattr *n)
{
	enum side side = decide(s, same_xattr(l, b), same_xattr(n, b), same_xattr(l, n));
	struct manifest_xattr room;
	bool dropped = new_content && b && !n && l && strcmp(l->name, CAPABILITY) == 0;

	if (!dropped)
		add(&s->after, s->after_xattr, side == KEEP || side == CONFLICT ? l : n);
	if (side == CONFLICT && !s->base)
		b = neither_xattr(l, n, &room);
	add(&s->settled, s->settled_xattr, side == CONFLICT ? b : n);
}

static const char *lowest(const char *name, const struct manifest_entry *e, uint32_t i)
{
	if (!e || i == e->nxattrs)
		return name;
	return name && strcmp(name, e->xattr[i].name) < 0 ? name : e->xattr[i].name;
}

static void decide_xattrs(struct sides *s, bool new_content)
{
	uint32_t b = 0, l = 0, n = 0;
	const char *name;

	s->after.nxattrs = s->settled.nxattrs = 0;
	s->after.xattr = s->after_xattr;
	s->settled.xattr = s->settled_xattr;
	while ((name = lowest(lowest(lowest(NULL, s->base, b), s->local, l), s->new, n))) {
		const struct manifest_xattr *xb = take(s->base, &b, name);
		const struct manifest_xattr *xl = take(s->local, &l, name);

		decide_xattr(s, new_content, xb, xl, take(s->new, &n, name));
	}
}

bool plan_metadata(struct plan_op *op, struct manifest *made)
{
	struct sides s = {
		.local = op->local, .new = op->new, .after = *op->new, .settled = *op->new
	};
	bool installed = op->action == PLAN_INSTALL || op->action == PLAN_MERGE ||
			 op->action == PLAN_MERGE_ACCOUNTS;

	op->meta = 0;
	op->settled = NULL;
	op->after = installed ? op->new : NULL;
	if (!op->local || op->local->type != op->new->type)
		return true;
	/* Under policy replace: all of it is the master's. */
	if (op->action == PLAN_INSTALL && !plan_same_content(op->local, op->base))
		return true;
	if (op->base && op->base->type == op->new->type)
		s.base = op->base;
	decide_mode(&s, installed);
	decide_owner(&s);
	decide_xattrs(&s, installed);
	op->meta = s.meta;
	if (s.meta == PLAN_META_TAKEN)
		op->after = op->new;
	else if (s.meta && (installed || s.meta & PLAN_META_TAKEN))
		op->after = manifest_add(made, &s.after);
	if ((installed || s.meta & PLAN_META_TAKEN) && !op->after)
		return false;
	/* Until a conflict is resolved, the base has what was there before it. */
	if (!(s.meta & PLAN_META_CONFLICT))
		return true;
	if (!s.base)
		op->next = PLAN_NEXT_OLD;
	op->settled = manifest_add(made, &s.settled);
	return op->settled != NULL;
}
