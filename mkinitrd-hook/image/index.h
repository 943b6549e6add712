/*
 * The files of an initrd, by path: what the kernel's root directory holds when all segments are
 * unpacked.
 */
#ifndef MKINITRD_HOOK_TREE_H
#define MKINITRD_HOOK_TREE_H

#include "mkinitrd-hook/image/segments.h"

#include <limits.h>
#include <stdbool.h>

struct tree_file {
	char *path;     /* without "./" and doubled or final '/'; "" is the root directory */
	size_t order;   /* among all entries of the image */
	size_t segment; /* which one it is in */
	struct cpio_entry entry; /* points into the segment */
};

struct tree {
	size_t n;
	struct tree_file *file; /* sorted by path, then order: of equal paths the last one counts */
	const char *name;       /* after -EBADMSG: the name that was refused */
	size_t n_linked;
	struct tree_file **linked; /* those of several names that have the contents, by inode */
};

/*
 * Index all entries; segments must outlive it. Returns 0, -EBADMSG for a name that is absolute or
 * has a ".." component, -EFBIG over IMAGE_FILES_MAX, -ENOMEM. tree_free() in all cases.
 */
int tree_read(const struct segments *segments, struct tree *tree);

void tree_free(struct tree *tree);

/* The file of exactly that path, links not followed, or NULL. */
const struct tree_file *tree_find(const struct tree *tree, const char *path);

/*
 * Follow the symbolic links in path (relative to the root directory), those of directories, and the
 * last one if last is set. Components that are not there stay as they are. Returns 0 with the
 * result in resolved, -ELOOP, or -ENAMETOOLONG.
 */
int tree_resolve(
	const struct tree *tree, const char *path, bool last, char resolved[static PATH_MAX]);

/* tree_resolve() to the last, then tree_find(). NULL where there is no such file. */
const struct tree_file *tree_lookup(const struct tree *tree, const char *path);

/* A regular file's contents: of hard links, one alone has them. Points into the segment. */
struct blob tree_content(const struct tree *tree, const struct tree_file *file);

#define KERNELS_MAX 8

struct kernels {
	size_t n;
	char version[KERNELS_MAX][NAME_MAX + 1];
};

/* The kernels that there are modules of, at most KERNELS_MAX. */
void tree_kernels(const struct tree *tree, struct kernels *kernels);

/* A name in an archive as a path; returns false if it is absolute or has a ".." component. */
bool tree_path(const char *name, char path[static PATH_MAX]);

#endif
