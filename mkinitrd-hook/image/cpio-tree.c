#include "mkinitrd-hook/image/cpio-tree.h"

#include "lib/array.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int cpio_tree_add(struct cpio_tree *tree, struct cpio_entry entry, const char *name, ...)
{
	char *copy;
	va_list args;
	int length;

	if (!ARRAY_GROW(tree->entry, tree->n))
		return -ENOMEM;
	va_start(args, name);
	length = vasprintf(&copy, name, args);
	va_end(args);
	if (length < 0)
		return -ENOMEM;
	entry.name = copy;
	tree->entry[tree->n++] = entry;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct cpio_entry *)a)->name, ((const struct cpio_entry *)b)->name);
}

int cpio_tree_write(struct cpio_tree *tree, uint32_t mtime, struct buf *out)
{
	qsort(tree->entry, tree->n, sizeof(*tree->entry), by_name);
	for (size_t i = 0; i < tree->n; i++) {
		struct cpio_entry *entry = &tree->entry[i];
		int rc;

		entry->ino = i + 1;
		entry->nlink = 1;
		entry->mtime = mtime;
		rc = cpio_write(out, entry);
		if (rc)
			return rc;
	}
	return 0;
}

int cpio_tree_archive(struct cpio_tree *tree, uint32_t mtime, struct blob *archive)
{
	AUTO_BUF struct buf out = { 0 };
	int rc = cpio_tree_write(tree, mtime, &out);

	if (!rc)
		rc = cpio_write_end(&out);
	if (!rc)
		*archive = blob_take(&out);
	return rc;
}

void cpio_tree_free(struct cpio_tree *tree)
{
	for (size_t i = 0; i < tree->n; i++)
		free((char *)tree->entry[i].name);
	free(tree->entry);
	*tree = (struct cpio_tree){ 0 };
}
