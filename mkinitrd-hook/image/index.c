#include "mkinitrd-hook/image/index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/array.h"

#define LINKS_MAX 40 /* as path_resolution(7) has it */

bool tree_path(const char *name, char path[static PATH_MAX])
{
	char *out = path;

	if (*name == '/')
		return false;
	while (*name) {
		size_t n = strcspn(name, "/");

		if (n == 2 && !memcmp(name, "..", 2))
			return false;
		if (n && !(n == 1 && *name == '.')) {
			if (out > path)
				*out++ = '/';
			memcpy(out, name, n); /* shorter than name, which is below PATH_MAX */
			out += n;
		}
		name += n + (name[n] == '/');
	}
	*out = '\0';
	return true;
}

static int add(struct tree *tree, size_t segment, const struct cpio_entry *entry)
{
	char path[PATH_MAX];

	if (!tree_path(entry->name, path)) {
		tree->name = entry->name;
		return -EBADMSG;
	}
	if (tree->n == IMAGE_FILES_MAX)
		return -EFBIG;
	if (!ARRAY_GROW(tree->file, tree->n))
		return -ENOMEM;
	tree->file[tree->n] = (struct tree_file){
		.path = strdup(path), .order = tree->n, .segment = segment, .entry = *entry
	};
	return tree->file[tree->n++].path ? 0 : -ENOMEM;
}

static int by_path(const void *a, const void *b)
{
	const struct tree_file *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

static int order_of(unsigned long long a, unsigned long long b)
{
	return (a > b) - (a < b);
}

/* Of one inode the same place, the first path first. Only files with several names are told by
 * their numbers: tools give others any. */
static int by_inode(const struct tree_file *a, const struct tree_file *b)
{
	int order = order_of(a->segment, b->segment);

	if (!order)
		order = order_of(a->entry.ino, b->entry.ino);
	if (!order)
		order = order_of(a->entry.dev_major, b->entry.dev_major);
	return order ? order : order_of(a->entry.dev_minor, b->entry.dev_minor);
}

static int by_inode_and_place(const void *a, const void *b)
{
	const struct tree_file *const *x = a, *const *y = b;
	int order = by_inode(*x, *y);

	return order ? order : order_of((uintptr_t)*x, (uintptr_t)*y);
}

static bool is_linked(const struct tree_file *file)
{
	return S_ISREG(file->entry.mode) && file->entry.nlink > 1;
}

static int index_links(struct tree *tree)
{
	tree->linked = reallocarray(NULL, tree->n + 1, sizeof(struct tree_file *));
	if (!tree->linked)
		return -ENOMEM;
	for (size_t i = 0; i < tree->n; i++)
		if (is_linked(&tree->file[i]) && tree->file[i].entry.size)
			tree->linked[tree->n_linked++] = &tree->file[i];
	qsort(tree->linked, tree->n_linked, sizeof(struct tree_file *), by_inode_and_place);
	return 0;
}

int tree_read(const struct segments *segments, struct tree *tree)
{
	*tree = (struct tree){ 0 };
	for (size_t i = 0; i < segments->n; i++) {
		struct cpio_reader reader = segment_reader(&segments->segment[i]);
		struct cpio_entry entry;
		int kind, rc;

		while ((kind = cpio_read(&reader, &entry)) > 0) {
			rc = kind == CPIO_ENTRY ? add(tree, i, &entry) : 0;
			if (rc)
				return rc;
		}
	}
	if (tree->n)
		qsort(tree->file, tree->n, sizeof(*tree->file), by_path);
	return index_links(tree);
}

void tree_free(struct tree *tree)
{
	for (size_t i = 0; i < tree->n; i++)
		free(tree->file[i].path);
	free(tree->file);
	free(tree->linked);
	*tree = (struct tree){ 0 };
}

const struct tree_file *tree_find(const struct tree *tree, const char *path)
{
	size_t low = 0, high = tree->n;

	/* The first one after path, then one back: the last of equal ones. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(tree->file[middle].path, path) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low && !strcmp(tree->file[low - 1].path, path) ? &tree->file[low - 1] : NULL;
}

static void drop_component(char *path)
{
	char *slash = strrchr(path, '/');

	*(slash ? slash : path) = '\0';
}

/* rest = link's target, "/", rest */
static int prepend(char rest[static PATH_MAX], const struct cpio_entry *link)
{
	size_t left = strlen(rest);

	if (link->size + 1 + left >= PATH_MAX)
		return -ENAMETOOLONG;
	memmove(rest + link->size + 1, rest, left + 1);
	memcpy(rest, link->data, link->size);
	rest[link->size] = '/';
	return 0;
}

/* Append a component to path; 1 if the way goes on through a link, which is then in rest. */
static int step(const struct tree *tree, const char *name, bool follow, char rest[static PATH_MAX],
	char path[static PATH_MAX])
{
	const struct tree_file *file;
	size_t length = strlen(path), n = strlen(name);

	if (length + 1 + n >= PATH_MAX)
		return -ENAMETOOLONG;
	sprintf(path + length, "%s%s", length ? "/" : "", name);
	file = tree_find(tree, path);
	if (!file || !S_ISLNK(file->entry.mode) || !follow)
		return 0;
	path[*(const char *)file->entry.data == '/' ? 0 : length] = '\0';
	return prepend(rest, &file->entry) ? -ENAMETOOLONG : 1;
}

int tree_resolve(
	const struct tree *tree, const char *path, bool last, char resolved[static PATH_MAX])
{
	char rest[PATH_MAX], name[PATH_MAX];
	int links = 0;

	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	strcpy(rest, path);
	*resolved = '\0';
	for (;;) {
		char *from = rest + strspn(rest, "/");
		size_t n = strcspn(from, "/");
		int rc = 0;

		if (!n)
			return 0;
		memcpy(name, from, n);
		name[n] = '\0';
		from += n + strspn(from + n, "/");
		memmove(rest, from, strlen(from) + 1);
		if (!strcmp(name, ".."))
			drop_component(resolved);
		else if (strcmp(name, "."))
			rc = step(tree, name, last || *rest, rest, resolved);
		if (rc < 0)
			return rc;
		links += rc;
		if (links > LINKS_MAX)
			return -ELOOP;
	}
}

const struct tree_file *tree_lookup(const struct tree *tree, const char *path)
{
	char resolved[PATH_MAX];

	return tree_resolve(tree, path, true, resolved) ? NULL : tree_find(tree, resolved);
}

/* The first of the linked ones that is not before file. */
static struct tree_file **find_linked(const struct tree *tree, const struct tree_file *file)
{
	size_t low = 0, high = tree->n_linked;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (by_inode(tree->linked[middle], file) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return tree->linked + low;
}

struct blob tree_content(const struct tree *tree, const struct tree_file *file)
{
	if (!file->entry.size && is_linked(file)) {
		struct tree_file **found = find_linked(tree, file);

		if (found < tree->linked + tree->n_linked && !by_inode(*found, file))
			file = *found;
	}
	return (struct blob){ (unsigned char *)file->entry.data, file->entry.size };
}

/* [usr/]lib/modules/VERSION, a directory, or what is below: the version's length, else 0. */
static size_t version_in(const struct tree_file *file, const char **version)
{
	static const char directory[] = "lib/modules/";
	const char *path = file->path;
	size_t n;

	if (!strncmp(path, "usr/", 4))
		path += 4;
	if (strncmp(path, directory, strlen(directory)))
		return 0;
	*version = path + strlen(directory);
	n = strcspn(*version, "/");
	return (*version)[n] || S_ISDIR(file->entry.mode) ? n : 0;
}

void tree_kernels(const struct tree *tree, struct kernels *kernels)
{
	kernels->n = 0;
	for (size_t i = 0; i < tree->n && kernels->n < KERNELS_MAX; i++) {
		const char *version = "";
		size_t n = version_in(&tree->file[i], &version), k = 0;

		while (k < kernels->n &&
			(strncmp(kernels->version[k], version, n) || kernels->version[k][n]))
			k++;
		if (n && n <= NAME_MAX && k == kernels->n)
			sprintf(kernels->version[kernels->n++], "%.*s", (int)n, version);
	}
}
