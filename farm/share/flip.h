/*
 * The flip: live/ becomes a generation by link(2) and rename(2) alone, so that no data is copied
 * and a client sees old and new mixed for milliseconds.
 *
 * Why name by name, and not one exchange of the whole tree or of directories prepared aside: a
 * client's /usr is a bind mount of live's usr by its file handle, and its programs have directories
 * open, as working directories and in the dentry cache. All of these would stay with the directory
 * that was exchanged away, frozen, and get ESTALE when it is removed. So a directory that both
 * generations have keeps its inode for ever, and only what is in it is replaced. A file that is
 * replaced lives on in the generation that it came from; that keeps open files and mappings of
 * clients whole.
 */
#ifndef FARM_FLIP_H
#define FARM_FLIP_H

#include <stdint.h>

#include "farm/share/treelist.h"

enum flip_kind {
	FLIP_PLACE,    /* rename what was prepared to path, over a non-directory if one is there */
	FLIP_EXCHANGE, /* a directory takes the place of a non-directory, or the reverse */
	FLIP_REMOVE,   /* a non-directory */
	FLIP_REMOVE_DIR,
	FLIP_DIR,  /* owner, mode, attributes and time of a directory that both have */
	FLIP_TIME, /* its time alone; the rest is the same */
};

struct flip_op {
	enum flip_kind kind;
	unsigned int rank; /* ascending: the order of doing */
	const char *path;  /* lives as long as the trees */
	bool tree;         /* PLACE, EXCHANGE: what is put there is a directory with all below it */
	struct timespec time; /* TIME */
};

/* In the order of doing. Starts as {0}. */
struct flip {
	struct flip_op *op;
	size_t n;
};

/*
 * What makes live equal to gen, both of one file system. Pure. Names that both have are never
 * absent meanwhile, whatever their types; each operation is atomic, and a plan made anew after any
 * of them completes the work. Returns 0 or -ENOMEM.
 */
int flip_plan(const struct treelist *live, const struct treelist *gen, struct flip *flip);
void flip_free(struct flip *flip);
#define AUTO_FLIP __attribute__((cleanup(flip_free)))

/* "place", "exchange", …: for people. */
const char *flip_kind_name(enum flip_kind kind);

/* The directories that a flip works with, as fds on one file system. */
struct flip_directories {
	int share; /* holds FLIP_STAGING */
	int live;
	int gen;
};

/* Beside live/, where no client looks. What an interrupted flip left there is removed by the next.
 */
#define FLIP_STAGING ".flip"

/*
 * Execute. Everything is prepared before the first change that a reader of live can see; *window is
 * the time in nanoseconds from that to the last. gen is the tree that was planned with. Returns 0,
 * or -errno with *where (lives as long as the plan) the path at fault or NULL.
 */
int flip_apply(const struct flip *flip, const struct treelist *gen,
	const struct flip_directories *directories, uint64_t *window, const char **where);

#endif
