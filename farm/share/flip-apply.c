#include "farm/share/flip.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/fsroot.h"

struct applier {
	const struct flip *flip;
	const struct treelist *gen;
	const struct flip_directories *directories;
	int staging;
};

/* The name, in the staging directory, of what an operation places, or of a directory it removes. */
struct staged {
	char name[24];
};

static struct staged staged_name(size_t i)
{
	struct staged s;

	snprintf(s.name, sizeof(s.name), "%zu", i);
	return s;
}

/* --- before: nothing that a reader of live can see --- */

/* Only root can change or move a directory without write permission. Its own mode is set at the
 * end. */
static int make_writeable(int at, const char *path)
{
	if (geteuid() == 0)
		return 0;
	return fchmodat(at, *path ? path : ".", 0755, 0) < 0 ? -errno : 0;
}

/* A directory, with all below it. */
static int stage_tree(const struct applier *a, const struct treelist_entry *top, const char *name)
{
	int r = treelist_link(a->gen, top, a->directories->gen, a->staging, name);

	return r < 0 ? r : make_writeable(a->staging, name);
}

static int prepare(const struct applier *a, const char **where)
{
	int r = 0;

	for (size_t i = 0; i < a->flip->n && r == 0; i++) {
		const struct flip_op *op = &a->flip->op[i];
		const struct treelist_entry *e = treelist_find(a->gen, op->path, strlen(op->path));

		*where = op->path;
		if (op->kind == FLIP_DIR || op->kind == FLIP_TIME || op->kind == FLIP_REMOVE_DIR)
			r = make_writeable(a->directories->live, op->path);
		else if (op->tree)
			r = stage_tree(a, e, staged_name(i).name);
		else if (op->kind == FLIP_PLACE || op->kind == FLIP_EXCHANGE)
			r = linkat(a->directories->gen, e->path, a->staging, staged_name(i).name,
				    0) < 0
				    ? -errno
				    : 0;
	}
	return r;
}

/* --- the visible part --- */

static int set_time(int live, const struct flip_op *op)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, op->time };

	return utimensat(live, *op->path ? op->path : ".", times, AT_SYMLINK_NOFOLLOW);
}

static int act(const struct applier *a, size_t i)
{
	const struct flip_op *op = &a->flip->op[i];
	const struct staged staged = staged_name(i);
	int live = a->directories->live, r = -1;

	switch (op->kind) {
	case FLIP_PLACE:
		r = renameat(a->staging, staged.name, live, op->path);
		break;
	case FLIP_EXCHANGE:
		r = renameat2(a->staging, staged.name, live, op->path, RENAME_EXCHANGE);
		break;
	case FLIP_REMOVE:
		r = unlinkat(live, op->path, 0);
		break;
	case FLIP_REMOVE_DIR:
		/* One rename, however much is in it. */
		r = renameat(live, op->path, a->staging, staged.name);
		break;
	case FLIP_TIME:
		/* prepare() has changed its mode, unless root runs this. */
		if (geteuid() == 0) {
			r = set_time(live, op);
			break;
		}
		/* fall through */
	case FLIP_DIR:
		return treelist_copy_dir(a->directories->gen, op->path, live, op->path);
	}
	if (r < 0)
		return -errno;
	return op->tree && geteuid() != 0
		       ? treelist_copy_dir(a->directories->gen, op->path, live, op->path)
		       : 0;
}

static int change(const struct applier *a, uint64_t *window, const char **where)
{
	uint64_t begin = clock_nanoseconds();
	int r = 0;

	for (size_t i = 0; i < a->flip->n && r == 0; i++) {
		*where = a->flip->op[i].path;
		r = act(a, i);
	}
	*window = clock_nanoseconds() - begin;
	return r;
}

int flip_apply(const struct flip *flip, const struct treelist *gen,
	const struct flip_directories *directories, uint64_t *window, const char **where)
{
	struct applier a = { flip, gen, directories, -1 };
	int r = fsroot_remove(directories->share, FLIP_STAGING);

	*where = NULL;
	*window = 0;
	if (r < 0 || flip->n == 0)
		return r;
	if (mkdirat(directories->share, FLIP_STAGING, 0700) < 0)
		return -errno;
	a.staging = openat(
		directories->share, FLIP_STAGING, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (a.staging < 0)
		return -errno;
	r = prepare(&a, where);
	if (r == 0)
		r = change(&a, window, where);
	close(a.staging);
	if (r == 0)
		*where = NULL;
	/* After a failure leftovers are discarded; a new plan stages again. */
	return fsroot_remove(directories->share, FLIP_STAGING) < 0 && r == 0 ? -errno : r;
}
