/*
 * The files of an initrd, by path: the content of the kernel's root directory when all segments are
 * unpacked.
 */
#ifndef MKINITRD_HOOK_INDEX_H
#define MKINITRD_HOOK_INDEX_H

#include "mkinitrd-hook/image/segments.h"

#include <limits.h>
#include <stdbool.h>

#define INDEX_FILES_MAX 1000000

struct index_file {
	char *path;     /* without "./" and doubled or final '/'; "" is the root directory */
	size_t order;   /* among all entries of the image */
	size_t segment; /* which one it is in */
	struct cpio_entry entry; /* points into the segment */
};

struct initrd_index {
	size_t n;
	struct index_file
		*file;    /* sorted by path, then order: of equal paths the last one counts */
	const char *name; /* after -EBADMSG: the name that was refused */
	size_t n_linked;
	struct index_file **linked; /* hard links that have the contents, by inode */
};

/*
 * Index all entries; segments must outlive it. Returns 0, -EBADMSG for a name that is absolute or
 * has a ".." component, -EFBIG over INDEX_FILES_MAX, -ENOMEM. index_free() in all cases.
 */
int index_read(const struct segments *segments, struct initrd_index *index);

void index_free(struct initrd_index *index);

/* The file of exactly that path, links not followed, or NULL. */
const struct index_file *index_find(const struct initrd_index *index, const char *path);

/*
 * Follow the symbolic links in path (relative to the root directory): those of its directories, and
 * the last component if last is set. Components that do not exist are kept. Returns 0 with the
 * result in resolved, -ELOOP, or -ENAMETOOLONG.
 */
int index_resolve(const struct initrd_index *index, const char *path, bool last,
	char resolved[static PATH_MAX]);

/* index_resolve() to the last, then index_find(). NULL where there is no such file. */
const struct index_file *index_lookup(const struct initrd_index *index, const char *path);

/* A regular file's contents; of hard links only one has them. Points into the segment. */
struct blob index_content(const struct initrd_index *index, const struct index_file *file);

#define INDEX_KERNELS_MAX 8

struct index_kernels {
	size_t n;
	char version[INDEX_KERNELS_MAX][NAME_MAX + 1];
};

/* The versions of the kernels that there are modules of, at most INDEX_KERNELS_MAX. */
void index_kernels(const struct initrd_index *index, struct index_kernels *kernels);

/* A name in an archive as a path; returns false if it is absolute or has a ".." component. */
bool index_path(const char *name, char path[static PATH_MAX]);

#endif
