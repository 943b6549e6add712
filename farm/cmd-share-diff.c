/*
 * xenfarm share diff: compare the trees of two generations, which hold both parts. As generations
 * never change, a path that has the same inode in both is equal.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/output.h"
#include "farm/publish/same-file.h"
#include "farm/share/treelist.h"
#include "farm/xenfarm.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"
#include "lib/json.h"
#include "lib/layout.h"
#include "lib/vis.h"
#include "lib/xattrs.h"

struct side {
	uint32_t generation;
	int dir;
	struct treelist tree;
};

struct differ {
	struct side a, b;
	struct layout layout; /* of b */
	struct json_object *list;
	unsigned long added, removed, changed;
};

static void tell(struct differ *d, char sign, const char *path, const char *what)
{
	AUTO_FREE char *text = vis_string(path);
	const char *part = layout_is_readonly(&d->layout, path) ? "read-only" : "writeable";
	struct json_object *o = json_object_new_object();

	output_line("%c %-9s %s%s%s", sign, part, text ? text : "?", *what ? ": " : "", what);
	json_object_object_add(o, "path", json_name(path));
	json_object_object_add(o, "part", json_object_new_string(part));
	json_object_object_add(o, "change",
		json_object_new_string(sign == '+'   ? "added"
				       : sign == '-' ? "removed"
						     : "changed"));
	if (*what)
		json_object_object_add(o, "in", json_object_new_string(what));
	json_object_array_add(d->list, o);
}

/* 1 if the contents of two non-directories of one type are equal, 0 if not, or -errno. */
static int same_content(
	const struct differ *d, const struct treelist_entry *a, const struct treelist_entry *b)
{
	char x[PATH_MAX], y[PATH_MAX];
	AUTO_CLOSE int fa = -1, fb = -1;

	if (S_ISLNK(a->mode)) {
		ssize_t n = readlinkat(d->a.dir, a->path, x, sizeof(x));
		ssize_t m = readlinkat(d->b.dir, b->path, y, sizeof(y));

		return n < 0 || m < 0 ? -errno : n == m && memcmp(x, y, (size_t)n) == 0;
	}
	if (!S_ISREG(a->mode))
		return a->rdev == b->rdev;
	if (a->size != b->size)
		return 0;
	fa = fsroot_open(d->a.dir, a->path, O_RDONLY | O_NOFOLLOW, 0);
	fb = fsroot_open(d->b.dir, b->path, O_RDONLY | O_NOFOLLOW, 0);
	return fa < 0 || fb < 0 ? (fa < 0 ? fa : fb) : same_file_bytes(fa, fb);
}

/* Those of directories are in the tree. */
static int same_xattrs(
	const struct differ *d, const struct treelist_entry *a, const struct treelist_entry *b)
{
	AUTO_BUF struct buf x = { 0 }, y = { 0 };
	AUTO_CLOSE int fa = -1, fb = -1;
	int r;

	if (S_ISDIR(a->mode))
		return a->n_xattrs == b->n_xattrs &&
		       (a->n_xattrs == 0 || memcmp(a->xattrs, b->xattrs, a->n_xattrs) == 0);
	if (!S_ISREG(a->mode))
		return 1;
	fa = fsroot_open(d->a.dir, a->path, O_RDONLY | O_NOFOLLOW, 0);
	fb = fsroot_open(d->b.dir, b->path, O_RDONLY | O_NOFOLLOW, 0);
	if (fa < 0 || fb < 0)
		return fa < 0 ? fa : fb;
	r = xattrs_read(fa, &x);
	if (r == 0)
		r = xattrs_read(fb, &y);
	return r < 0 ? r : x.size == y.size && (x.size == 0 || memcmp(x.data, y.data, x.size) == 0);
}

/* In what two entries of a path differ, in words. */
static int describe(const struct differ *d, const struct treelist_entry *a,
	const struct treelist_entry *b, char what[64])
{
	int content = 1, xattrs = 1;

	what[0] = '\0';
	if ((a->mode & S_IFMT) != (b->mode & S_IFMT)) {
		strcpy(what, " type");
		return 0;
	}
	if (!S_ISDIR(a->mode))
		content = same_content(d, a, b);
	if (content >= 0)
		xattrs = same_xattrs(d, a, b);
	if (content < 0 || xattrs < 0)
		return content < 0 ? content : xattrs;
	if (!content)
		strcat(what, " content");
	if (a->mode != b->mode)
		strcat(what, " mode");
	if (a->uid != b->uid || a->gid != b->gid)
		strcat(what, " owner");
	if (!xattrs)
		strcat(what, " attributes");
	/* A directory's time changes with the names in it, which are reported themselves. */
	if (!S_ISDIR(a->mode) && !treelist_same_time(a, b))
		strcat(what, " time");
	return 0;
}

static int compare(const struct treelist_entry *a, const struct treelist_entry *b, void *arg)
{
	struct differ *d = arg;
	char what[64];
	int r;

	if (!a || !b) {
		tell(d, a ? '-' : '+', a ? a->path : b->path, "");
		++*(a ? &d->removed : &d->added);
		return 0;
	}
	if (treelist_same_inode(a, b))
		return 0;
	r = describe(d, a, b, what);
	if (r < 0)
		return cli_error(r, "%s", a->path);
	if (*what) {
		tell(d, '~', a->path, what + 1);
		d->changed++;
	}
	return 0;
}

static int open_side(const struct farm_context *c, const char *text, struct side *side)
{
	AUTO_FREE char *where = NULL;
	int r;

	side->generation = farm_context_generation(c, text);
	if (!side->generation)
		return -ENOENT;
	side->dir = share_open_generation(&c->share, side->generation);
	if (side->dir < 0)
		return side->dir;
	r = treelist_read(side->dir, &side->tree, &where);
	return r < 0 ? cli_error(r, "generation %u: %s", side->generation, where ? where : "") : 0;
}

static void close_side(struct side *side)
{
	if (side->dir >= 0)
		close(side->dir);
	treelist_free(&side->tree);
}

int cmd_share_diff(void *options, char **arguments)
{
	struct farm_context *c = options;
	struct differ d = { .a.dir = -1, .b.dir = -1, .list = json_object_new_array() };
	int r = farm_context_open_share(c);

	if (r == 0)
		r = open_side(c, arguments[0], &d.a);
	if (r == 0)
		r = open_side(c, arguments[1], &d.b);
	if (r == 0)
		r = share_layout(&c->share, d.b.generation, &d.layout);
	if (r == 0)
		r = treelist_join(&d.a.tree, &d.b.tree, compare, &d);
	if (r == 0)
		output_line("%lu added, %lu removed, %lu changed", d.added, d.removed, d.changed);
	if (r == 0 && c->options.json)
		json_print(json_document("differences", json_object_get(d.list)));
	json_object_put(d.list);
	close_side(&d.a);
	close_side(&d.b);
	return farm_exit_status(r);
}
