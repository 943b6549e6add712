#include "mkinitrd-hook/image/index.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/array.h"

#define LINKS_MAX 40 /* as path_resolution(7) has it */

bool index_path(const char *name, char path[static PATH_MAX])
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

static int add(struct initrd_index *index, size_t segment, const struct cpio_entry *entry)
{
	char path[PATH_MAX];

	if (!index_path(entry->name, path)) {
		index->name = entry->name;
		return -EBADMSG;
	}
	if (index->n == INDEX_FILES_MAX)
		return -EFBIG;
	if (!ARRAY_GROW(index->file, index->n))
		return -ENOMEM;
	index->file[index->n] = (struct index_file){
		.path = strdup(path), .order = index->n, .segment = segment, .entry = *entry
	};
	return index->file[index->n++].path ? 0 : -ENOMEM;
}

static int by_path(const void *a, const void *b)
{
	const struct index_file *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order ? order : (x->order > y->order) - (x->order < y->order);
}

static int order_of(unsigned long long a, unsigned long long b)
{
	return (a > b) - (a < b);
}

/* Hard links of one file are equal. Only files with several names are compared by inode: for
 * others, tools write any number. */
static int by_inode(const struct index_file *a, const struct index_file *b)
{
	int order = order_of(a->segment, b->segment);

	return order ? order : cpio_compare_inodes(&a->entry, &b->entry);
}

static int by_inode_and_place(const void *a, const void *b)
{
	const struct index_file *const *x = a, *const *y = b;
	int order = by_inode(*x, *y);

	return order ? order : order_of((uintptr_t)*x, (uintptr_t)*y);
}

static bool is_linked(const struct index_file *file)
{
	return S_ISREG(file->entry.mode) && file->entry.nlink > 1;
}

static int index_links(struct initrd_index *index)
{
	index->linked = reallocarray(NULL, index->n + 1, sizeof(struct index_file *));
	if (!index->linked)
		return -ENOMEM;
	for (size_t i = 0; i < index->n; i++)
		if (is_linked(&index->file[i]) && index->file[i].entry.size)
			index->linked[index->n_linked++] = &index->file[i];
	qsort(index->linked, index->n_linked, sizeof(struct index_file *), by_inode_and_place);
	return 0;
}

int index_read(const struct segments *segments, struct initrd_index *index)
{
	*index = (struct initrd_index){ 0 };
	for (size_t i = 0; i < segments->n; i++) {
		struct cpio_reader reader = segments_reader(&segments->segment[i]);
		struct cpio_entry entry;
		int kind, rc;

		while ((kind = cpio_read(&reader, &entry)) > 0) {
			rc = kind == CPIO_ENTRY ? add(index, i, &entry) : 0;
			if (rc)
				return rc;
		}
	}
	if (index->n)
		qsort(index->file, index->n, sizeof(*index->file), by_path);
	return index_links(index);
}

void index_free(struct initrd_index *index)
{
	for (size_t i = 0; i < index->n; i++)
		free(index->file[i].path);
	free(index->file);
	free(index->linked);
	*index = (struct initrd_index){ 0 };
}

const struct index_file *index_find(const struct initrd_index *index, const char *path)
{
	size_t low = 0, high = index->n;

	/* The first one after path, then one back: the last of equal ones. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(index->file[middle].path, path) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low && !strcmp(index->file[low - 1].path, path) ? &index->file[low - 1] : NULL;
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

/* Append a component to path; 1 if it is a link, whose target is then in rest. */
static int step(const struct initrd_index *index, const char *name, bool follow,
	char rest[static PATH_MAX], char path[static PATH_MAX])
{
	const struct index_file *file;
	size_t length = strlen(path), n = strlen(name);

	if (length + 1 + n >= PATH_MAX)
		return -ENAMETOOLONG;
	sprintf(path + length, "%s%s", length ? "/" : "", name);
	file = index_find(index, path);
	if (!file || !S_ISLNK(file->entry.mode) || !follow)
		return 0;
	path[*(const char *)file->entry.data == '/' ? 0 : length] = '\0';
	return prepend(rest, &file->entry) ? -ENAMETOOLONG : 1;
}

int index_resolve(const struct initrd_index *index, const char *path, bool last,
	char resolved[static PATH_MAX])
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
			rc = step(index, name, last || *rest, rest, resolved);
		if (rc < 0)
			return rc;
		links += rc;
		if (links > LINKS_MAX)
			return -ELOOP;
	}
}

const struct index_file *index_lookup(const struct initrd_index *index, const char *path)
{
	char resolved[PATH_MAX];

	return index_resolve(index, path, true, resolved) ? NULL : index_find(index, resolved);
}

/* The first hard link that is not before file. */
static struct index_file **find_linked(
	const struct initrd_index *index, const struct index_file *file)
{
	size_t low = 0, high = index->n_linked;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (by_inode(index->linked[middle], file) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return index->linked + low;
}

struct blob index_content(const struct initrd_index *index, const struct index_file *file)
{
	if (!file->entry.size && is_linked(file)) {
		struct index_file **found = find_linked(index, file);

		if (found < index->linked + index->n_linked && !by_inode(*found, file))
			file = *found;
	}
	return (struct blob){ (unsigned char *)file->entry.data, file->entry.size };
}

/* [usr/]lib/modules/VERSION, a directory, or below it: the length of the version, else 0. */
static size_t version_in(const struct index_file *file, const char **version)
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

void index_kernels(const struct initrd_index *index, struct index_kernels *kernels)
{
	kernels->n = 0;
	for (size_t i = 0; i < index->n && kernels->n < INDEX_KERNELS_MAX; i++) {
		const char *version = "";
		size_t n = version_in(&index->file[i], &version), k = 0;

		while (k < kernels->n &&
			(strncmp(kernels->version[k], version, n) || kernels->version[k][n]))
			k++;
		if (n && n <= NAME_MAX && k == kernels->n)
			sprintf(kernels->version[kernels->n++], "%.*s", (int)n, version);
	}
}
