/* A tree as a sorted list of paths and inodes: what publish, flip, diff and list compare. */
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
 * Walk the tree below root, a directory's fd. No link is followed. Returns 0, or -errno, and then
 * *where, which the caller frees, is the path that could not be read.
 */
int treelist_read(int root, struct treelist *tree, char **where);

/*
 * Add what was made in one of its directories since then: the names in path (relative to root) that
 * are not in the tree, with all below them. Nothing is added if the tree has no such directory.
 * Returns as treelist_read().
 */
int treelist_read_new(int root, const char *path, struct treelist *tree, char **where);

/* Remove the i-th entry, which is not a directory, from the list. */
void treelist_drop(struct treelist *tree, size_t i);
void treelist_free(struct treelist *tree);
#define AUTO_TREELIST __attribute__((cleanup(treelist_free)))

/* The entry of that path (n bytes), or NULL. */
struct treelist_entry *treelist_find(const struct treelist *tree, const char *path, size_t n);

/* The length of the directory's path in path: 0 for a name at the top, and for the root itself. */
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

/* Have two directories the same owner, mode and attributes, whatever their times and names? */
bool treelist_same_directory(const struct treelist_entry *a, const struct treelist_entry *b);

/* Call each for every path of both, in order; a or b is NULL where the path is absent. A result
 * other than 0 stops, and is returned. */
typedef int treelist_pair_fn(
	const struct treelist_entry *a, const struct treelist_entry *b, void *arg);
int treelist_join(
	const struct treelist *a, const struct treelist *b, treelist_pair_fn *each, void *arg);

/*
 * Copy top, an entry of the tree whose root is the fd from, to name below the fd to: directories
 * are new, with the same owner, mode, attributes and times; all else is hard links. Returns 0 or
 * -errno.
 */
int treelist_link(const struct treelist *tree, const struct treelist_entry *top, int from, int to,
	const char *name);

/* Copy owner, mode, attributes and times of a directory to another. Returns 0 or -errno. */
int treelist_copy_dir(int from_at, const char *from_path, int to_at, const char *to_path);

#endif
