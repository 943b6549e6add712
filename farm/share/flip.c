#include "farm/share/flip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/array.h"

/*
 * Dependencies come before what depends on them: a new program with an old library fails to start,
 * an old program with a new library does not. Within each role, new names come before replaced
 * ones. Removals follow, in the reverse order. The metadata of directories comes last, as every
 * change in a directory sets its time.
 */
enum role { LIBRARY, LIBRARY_LINK, OTHER, PROGRAM, ROLES };
enum {
	RANK_NEW_DIR,
	RANK_PLACE, /* + 2 * role + (the name is replaced) */
	RANK_EXCHANGE =
		RANK_PLACE + 2 * ROLES, /* /lib becomes a link once usr/lib has everything */
	RANK_REMOVE,                    /* + PROGRAM - role */
	RANK_DIR = RANK_REMOVE + ROLES,
};

struct planner {
	const struct treelist *live, *gen;
	struct flip *flip;
	bool *touched; /* for each entry of gen: is it a directory whose metadata has to be set? */
};

/* "libc.so.6", "pam_unix.so" */
static bool is_library(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *so = slash ? slash : path;

	while ((so = strstr(so, ".so")) != NULL) {
		so += strlen(".so");
		if (*so == '\0' || *so == '.')
			return true;
	}
	return false;
}

static bool in_program_directory(const char *path)
{
	static const char *const directories[] = { "bin", "sbin", "libexec" };
	size_t n = treelist_parent(path);

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		size_t size = strlen(directories[i]);

		if (n >= size && memcmp(path + n - size, directories[i], size) == 0 &&
			(n == size || path[n - size - 1] == '/'))
			return true;
	}
	return false;
}

static enum role role_of(const struct treelist_entry *e)
{
	if (is_library(e->path))
		return S_ISLNK(e->mode) ? LIBRARY_LINK : LIBRARY;
	if (S_ISLNK(e->mode) ? in_program_directory(e->path) : S_ISREG(e->mode) && (e->mode & 0111))
		return PROGRAM;
	return OTHER;
}

static int add(
	struct planner *p, enum flip_kind kind, unsigned int rank, const struct treelist_entry *e)
{
	struct flip *f = p->flip;

	if (!ARRAY_GROW(f->op, f->n))
		return -ENOMEM;
	f->op[f->n++] = (struct flip_op){
		.kind = kind,
		.rank = rank,
		.path = e->path,
		.tree = (kind == FLIP_PLACE || kind == FLIP_EXCHANGE) && S_ISDIR(e->mode),
		.time = e->mtime,
	};
	return 0;
}

/* A change in e's directory changes its time. */
static void touch_parent(struct planner *p, const struct treelist_entry *e)
{
	const struct treelist_entry *parent =
		treelist_find(p->gen, e->path, treelist_parent(e->path));

	p->touched[parent - p->gen->entry] = true;
}

/* False if e is added or removed together with a directory above it. */
static bool in_common_directory(const struct planner *p, const struct treelist_entry *e)
{
	size_t n = treelist_parent(e->path);
	const struct treelist_entry *a = treelist_find(p->live, e->path, n);
	const struct treelist_entry *b = treelist_find(p->gen, e->path, n);

	return a && b && S_ISDIR(a->mode) && S_ISDIR(b->mode);
}

static int plan_gone(struct planner *p, const struct treelist_entry *old)
{
	if (!in_common_directory(p, old))
		return 0;
	touch_parent(p, old);
	return add(p, S_ISDIR(old->mode) ? FLIP_REMOVE_DIR : FLIP_REMOVE,
		RANK_REMOVE + PROGRAM - role_of(old), old);
}

static int plan_new(struct planner *p, const struct treelist_entry *new)
{
	if (!in_common_directory(p, new))
		return 0;
	touch_parent(p, new);
	return add(p, FLIP_PLACE, S_ISDIR(new->mode) ? RANK_NEW_DIR : RANK_PLACE + 2 * role_of(new),
		new);
}

static int plan_pair(const struct treelist_entry *old, const struct treelist_entry *new, void *arg)
{
	struct planner *p = arg;

	if (!new)
		return plan_gone(p, old);
	if (!old)
		return plan_new(p, new);
	if (S_ISDIR(old->mode) && S_ISDIR(new->mode)) {
		if (!treelist_same_directory(old, new) || !treelist_same_time(old, new))
			p->touched[new - p->gen->entry] = true;
		return 0;
	}
	if (treelist_same_inode(old, new))
		return 0;
	touch_parent(p, new);
	if (S_ISDIR(old->mode) || S_ISDIR(new->mode))
		return add(p, FLIP_EXCHANGE, RANK_EXCHANGE, new);
	return add(p, FLIP_PLACE, RANK_PLACE + 2 * role_of(new) + 1, new);
}

static int by_rank(const void *a, const void *b)
{
	const struct flip_op *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return strcmp(x->path, y->path);
}

static int plan_directory(struct planner *p, const struct treelist_entry *new)
{
	const struct treelist_entry *old = treelist_find(p->live, new->path, strlen(new->path));

	return add(
		p, old && treelist_same_directory(old, new) ? FLIP_TIME : FLIP_DIR, RANK_DIR, new);
}

int flip_plan(const struct treelist *live, const struct treelist *gen, struct flip *flip)
{
	struct planner p = { live, gen, flip, calloc(gen->n + 1, sizeof(bool)) };
	int r;

	if (!p.touched)
		return -ENOMEM;
	r = treelist_join(live, gen, plan_pair, &p);
	for (size_t i = 0; i < gen->n && r == 0; i++)
		if (p.touched[i])
			r = plan_directory(&p, &gen->entry[i]);
	free(p.touched);
	if (flip->n)
		qsort(flip->op, flip->n, sizeof(*flip->op), by_rank);
	return r;
}

void flip_free(struct flip *flip)
{
	free(flip->op);
	*flip = (struct flip){ 0 };
}

const char *flip_kind_name(enum flip_kind kind)
{
	static const char *const name[] = {
		[FLIP_PLACE] = "place",
		[FLIP_EXCHANGE] = "exchange",
		[FLIP_REMOVE] = "remove",
		[FLIP_REMOVE_DIR] = "remove",
		[FLIP_DIR] = "directory",
		[FLIP_TIME] = "time",
	};

	return name[kind];
}
