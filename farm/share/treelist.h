/* The names of a tree with their inodes: what flip, diff and list compare. */
#ifndef FARM_TREELIST_H
#define FARM_TREELIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct treelist_entry {
	char *path; /* relative, "" is the root */
	dev_t dev, rdev;
	ino_t ino;
	mode_t mode; /* type included */
	uid_t uid;
	gid_t gid;
	nlink_t nlink;
	uint64_t size, blocks; /* blocks of 512 bytes */
	struct timespec mtime, ctime;
	/* Directories only: their extended attributes as xattrs_read() gives them. */
	char *xattrs;
	size_t n_xattrs;
};

/* Starts as {0}. Sorted by the bytes of path. */
struct treelist {
	struct treelist_entry *entry;
	size_t n;
};

/*
 * Read the tree below root, a directory's fd. Nothing is followed. Returns 0, or -errno with
 * *where, which the caller frees, the path that could not be read.
 */
int treelist_read(int root, struct treelist *tree, char **where);

/*
 * Read what came into one of its directories after that: names in path, of the root, that the tree
 * has not, with all below them. Fine if the tree has no such directory. As treelist_read().
 */
int treelist_read_new(int root, const char *path, struct treelist *tree, char **where);

/* Without its i-th entry, which is no directory. */
void treelist_drop(struct treelist *tree, size_t i);
void treelist_free(struct treelist *tree);
#define AUTO_TREELIST __attribute__((cleanup(treelist_free)))

/* The entry of that path (n bytes), or NULL. */
struct treelist_entry *treelist_find(const struct treelist *tree, const char *path, size_t n);

/* The length of the path's directory: 0 for a name at the top, and for the root itself. */
size_t treelist_parent(const char *path);

static inline bool treelist_same_inode(
	const struct treelist_entry *a, const struct treelist_entry *b)
{
	return a->ino == b->ino && a->dev == b->dev;
}

static inline bool treelist_same_time(
	const struct treelist_entry *a, const struct treelist_entry *b)
{
	return a->mtime.tv_sec == b->mtime.tv_sec && a->mtime.tv_nsec == b->mtime.tv_nsec;
}

/* Two directories have the same owner, mode and attributes; their times and what they hold aside.
 */
bool treelist_same_directory(const struct treelist_entry *a, const struct treelist_entry *b);

/* Every path once, in order, with a or b NULL where it is absent. Non-zero stops, and is returned.
 */
typedef int treelist_pair_fn(
	const struct treelist_entry *a, const struct treelist_entry *b, void *arg);
int treelist_join(
	const struct treelist *a, const struct treelist *b, treelist_pair_fn *each, void *arg);

/*
 * top, an entry of the tree that the fd from is the root of, once more as name below the fd to:
 * directories are new, with owner, mode, attributes and times of theirs, all else is hard links.
 * Returns 0 or -errno.
 */
int treelist_link(const struct treelist *tree, const struct treelist_entry *top, int from, int to,
	const char *name);

/* Owner, mode, attributes and times of one directory to another. Returns 0 or -errno. */
int treelist_copy_dir(int from_at, const char *from_path, int to_at, const char *to_path);

#endif
