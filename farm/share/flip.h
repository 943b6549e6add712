/*
 * The flip: live/ becomes a generation by link(2) and rename(2) only, so that no data is copied and
 * a client sees old and new files mixed for milliseconds.
 *
 * Why name by name, and not one exchange of the whole tree or of prepared directories: a client's
 * /usr is a bind mount of live's usr by its file handle, and its programs have directories open, as
 * working directories and in the dentry cache. All of these would keep the directory that was
 * exchanged, which never changes again, and get ESTALE when it is removed. So a directory that both
 * generations have keeps its inode, and only names in it are replaced. A replaced file is still
 * linked in its generation, so that open files and mappings of clients stay valid.
 */
#ifndef FARM_FLIP_H
#define FARM_FLIP_H

#include <stdint.h>

#include "farm/share/treelist.h"

enum flip_kind {
	FLIP_PLACE,    /* rename the staged file to path, which may be an existing non-directory */
	FLIP_EXCHANGE, /* a directory takes the place of a non-directory, or the reverse */
	FLIP_REMOVE,   /* a non-directory */
	FLIP_REMOVE_DIR,
	FLIP_DIR,  /* owner, mode, attributes and time of a directory that both have */
	FLIP_TIME, /* only its time differs */
};

struct flip_op {
	enum flip_kind kind;
	unsigned int rank;    /* operations are done in ascending order */
	const char *path;     /* valid as long as the trees */
	bool tree;            /* PLACE, EXCHANGE: the new entry is a directory, with all below it */
	struct timespec time; /* TIME */
};

/* In the order of execution. Starts as {0}. */
struct flip {
	struct flip_op *op;
	size_t n;
};

/*
 * The operations that make live equal to gen; both are on one file system. Pure. Names that both
 * have are never absent in between, whatever their types; each operation is atomic, and a new plan
 * after any of them completes the work. Returns 0 or -ENOMEM.
 */
int flip_plan(const struct treelist *live, const struct treelist *gen, struct flip *flip);
void flip_free(struct flip *flip);
#define AUTO_FLIP __attribute__((cleanup(flip_free)))

/* "place", "exchange", …: to be printed. */
const char *flip_kind_name(enum flip_kind kind);

/* The directories that a flip works with, as fds on one file system. */
struct flip_directories {
	int share; /* holds FLIP_STAGING */
	int live;
	int gen;
};

/* Beside live/; clients do not see it. Leftovers of an interrupted flip are removed by the next. */
#define FLIP_STAGING ".flip"

/*
 * Execute the plan. Everything is prepared before the first change that a reader of live can see;
 * *window is the time from the first to the last change, in nanoseconds. gen is the tree of the
 * plan. Returns 0, or -errno, and then *where is the path at fault (valid as long as the plan) or
 * NULL.
 */
int flip_apply(const struct flip *flip, const struct treelist *gen,
	const struct flip_directories *directories, uint64_t *window, const char **where);

#endif
