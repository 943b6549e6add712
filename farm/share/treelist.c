#include "farm/share/treelist.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/xattrs.h"

static struct treelist_entry *add(struct treelist *tree, const char *path, const struct stat *st)
{
	if (!ARRAY_GROW(tree->entry, tree->n))
		return NULL;
	tree->entry[tree->n] = (struct treelist_entry){
		.path = strdup(path),
		.dev = st->st_dev,
		.rdev = st->st_rdev,
		.ino = st->st_ino,
		.mode = st->st_mode,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.nlink = st->st_nlink,
		.size = (uint64_t)st->st_size,
		.blocks = (uint64_t)st->st_blocks,
		.mtime = st->st_mtim,
		.ctime = st->st_ctim,
	};
	return tree->entry[tree->n].path ? &tree->entry[tree->n++] : NULL;
}

/* Add the names in a directory that are not in known. */
static int list(
	DIR *dir, const char *directory, const struct treelist *known, struct treelist *tree)
{
	AUTO_BUF struct buf path = { 0 };
	size_t n = strlen(directory) + (*directory != '\0');
	struct dirent *d;
	struct stat st;

	buf_printf(&path, "%s%s", directory, *directory ? "/" : "");
	for (errno = 0; (d = readdir(dir)) != NULL; errno = 0) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		path.size = n;
		buf_add(&path, d->d_name, strlen(d->d_name) + 1);
		if (path.failed)
			return -ENOMEM;
		if (known && treelist_find(known, path.data, path.size - 1))
			continue;
		if (fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
			return -errno;
		if (!add(tree, path.data, &st))
			return -ENOMEM;
	}
	return -errno;
}

static int open_directory(int root, const char *path, DIR **dir)
{
	int r, fd = openat(
		       root, *path ? path : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	*dir = fdopendir(fd);
	r = *dir ? 0 : -errno;
	if (r < 0)
		close(fd);
	return r;
}

/* Add what is in the i-th entry, a directory. */
static int enter(int root, struct treelist *tree, size_t i)
{
	const char *path = tree->entry[i].path;
	AUTO_BUF struct buf xattrs = { 0 };
	AUTO_CLOSEDIR DIR *dir = NULL;
	int r = open_directory(root, path, &dir);

	if (r == 0)
		r = xattrs_read(dirfd(dir), &xattrs);
	if (r < 0)
		return r;
	tree->entry[i].xattrs = xattrs.data;
	tree->entry[i].n_xattrs = xattrs.size;
	xattrs = (struct buf){ 0 };
	return list(dir, path, NULL, tree);
}

/* The list grows while the loop runs, so it reaches every directory, with one open at a time. */
static int enter_all(int root, struct treelist *tree, char **where)
{
	for (size_t i = 0; i < tree->n; i++) {
		int r = S_ISDIR(tree->entry[i].mode) ? enter(root, tree, i) : 0;

		if (r < 0) {
			*where = strdup(tree->entry[i].path);
			return r;
		}
	}
	return 0;
}

static int by_path(const void *a, const void *b)
{
	const struct treelist_entry *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static void sort(struct treelist *tree)
{
	qsort(tree->entry, tree->n, sizeof(*tree->entry), by_path);
}

int treelist_read(int root, struct treelist *tree, char **where)
{
	struct stat st;
	int r;

	*where = NULL;
	if (fstat(root, &st) < 0)
		return -errno;
	if (!add(tree, "", &st))
		return -ENOMEM;
	r = enter_all(root, tree, where);
	if (r == 0)
		sort(tree);
	return r;
}

/* Move all entries of new to tree. */
static int append(struct treelist *tree, struct treelist *new)
{
	for (size_t i = 0; i < new->n; i++) {
		if (!ARRAY_GROW(tree->entry, tree->n))
			return -ENOMEM;
		tree->entry[tree->n++] = new->entry[i];
		new->entry[i] = (struct treelist_entry){ 0 };
	}
	sort(tree);
	return 0;
}

int treelist_read_new(int root, const char *path, struct treelist *tree, char **where)
{
	const struct treelist_entry *directory = treelist_find(tree, path, strlen(path));
	AUTO_TREELIST struct treelist new = { 0 };
	AUTO_CLOSEDIR DIR *dir = NULL;
	int r;

	*where = NULL;
	if (!directory || !S_ISDIR(directory->mode))
		return 0;
	r = open_directory(root, path, &dir);
	if (r == 0)
		r = list(dir, path, tree, &new);
	if (r < 0) {
		*where = strdup(path);
		return r;
	}
	r = enter_all(root, &new, where);
	return r == 0 && new.n ? append(tree, &new) : r;
}

void treelist_drop(struct treelist *tree, size_t i)
{
	free(tree->entry[i].path);
	tree->n--;
	memmove(&tree->entry[i], &tree->entry[i + 1], (tree->n - i) * sizeof(*tree->entry));
}

void treelist_free(struct treelist *tree)
{
	for (size_t i = 0; i < tree->n; i++) {
		free(tree->entry[i].path);
		free(tree->entry[i].xattrs);
	}
	free(tree->entry);
	*tree = (struct treelist){ 0 };
}

struct treelist_entry *treelist_find(const struct treelist *tree, const char *path, size_t n)
{
	size_t low = 0, high = tree->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct treelist_entry *e = &tree->entry[middle];
		int order = strncmp(e->path, path, n);

		if (order == 0 && e->path[n] == '\0')
			return e;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

size_t treelist_parent(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash - path) : 0;
}

bool treelist_same_directory(const struct treelist_entry *a, const struct treelist_entry *b)
{
	return a->mode == b->mode && a->uid == b->uid && a->gid == b->gid &&
	       a->n_xattrs == b->n_xattrs &&
	       (a->n_xattrs == 0 || memcmp(a->xattrs, b->xattrs, a->n_xattrs) == 0);
}

int treelist_join(
	const struct treelist *a, const struct treelist *b, treelist_pair_fn *each, void *arg)
{
	size_t i = 0, j = 0;
	int r = 0;

	while (r == 0 && (i < a->n || j < b->n)) {
		int order = i == a->n   ? 1
			    : j == b->n ? -1
					: strcmp(a->entry[i].path, b->entry[j].path);

		r = each(order <= 0 ? &a->entry[i] : NULL, order >= 0 ? &b->entry[j] : NULL, arg);
		i += order <= 0;
		j += order >= 0;
	}
	return r;
}
