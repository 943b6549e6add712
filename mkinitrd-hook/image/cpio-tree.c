#include "mkinitrd-hook/image/cpio-tree.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"

int cpio_tree_add(struct cpio_tree *image, struct cpio_entry entry, const char *name, ...)
{
	char *copy;
	va_list args;
	int length;

	if (!ARRAY_GROW(image->entry, image->n))
		return -ENOMEM;
	va_start(args, name);
	length = vasprintf(&copy, name, args);
	va_end(args);
	if (length < 0)
		return -ENOMEM;
	entry.name = copy;
	image->entry[image->n++] = entry;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct cpio_entry *)a)->name, ((const struct cpio_entry *)b)->name);
}

int cpio_tree_write(struct cpio_tree *image, uint32_t mtime, FILE *out)
{
	qsort(image->entry, image->n, sizeof(*image->entry), by_name);
	for (size_t i = 0; i < image->n; i++) {
		struct cpio_entry *entry = &image->entry[i];
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

int cpio_tree_archive(struct cpio_tree *image, uint32_t mtime, struct blob *archive)
{
	char *data = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&data, &size);
	int rc;

	if (!out)
		return -errno;
	rc = cpio_tree_write(image, mtime, out);
	if (!rc)
		rc = cpio_write_end(out);
	if (fclose(out) && !rc)
		rc = -errno;
	if (rc)
		free(data);
	else
		*archive = (struct blob){ (unsigned char *)data, size };
	return rc;
}

void cpio_tree_free(struct cpio_tree *image)
{
	for (size_t i = 0; i < image->n; i++)
		free((char *)image->entry[i].name);
	free(image->entry);
	*image = (struct cpio_tree){ 0 };
}
