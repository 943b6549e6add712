#include "mkinitrd-hook/image/cpio.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

static int compare(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

int cpio_compare_inodes(const struct cpio_entry *a, const struct cpio_entry *b)
{
	int order = compare(a->ino, b->ino);

	if (!order)
		order = compare(a->dev_major, b->dev_major);
	return order ? order : compare(a->dev_minor, b->dev_minor);
}

int cpio_header(const struct cpio_entry *entry, char header[static CPIO_HEADER + 1])
{
	size_t name_size = strlen(entry->name) + 1;

	if (entry->size > UINT32_MAX)
		return -EFBIG;
	if (name_size > PATH_MAX)
		return -ENAMETOOLONG;
	snprintf(header, CPIO_HEADER + 1,
		"070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", entry->ino,
		entry->mode, entry->uid, entry->gid, entry->nlink, entry->mtime,
		(unsigned int)entry->size, entry->dev_major, entry->dev_minor, entry->rdev_major,
		entry->rdev_minor, (unsigned int)name_size, 0u);
	return 0;
}

void cpio_pad(struct buf *out, size_t written)
{
	static const char zero[3];

	buf_add(out, zero, -written & 3);
}

int cpio_write(struct buf *out, const struct cpio_entry *entry)
{
	char header[CPIO_HEADER + 1];
	size_t name_size = strlen(entry->name) + 1;
	int rc = cpio_header(entry, header);

	if (rc)
		return rc;
	buf_add(out, header, CPIO_HEADER);
	buf_add(out, entry->name, name_size);
	cpio_pad(out, CPIO_HEADER + name_size);
	buf_add(out, entry->data, entry->size);
	cpio_pad(out, entry->size);
	return out->failed ? -ENOMEM : 0;
}

int cpio_write_end(struct buf *out)
{
	return cpio_write(out, &(struct cpio_entry){ .name = "TRAILER!!!", .nlink = 1 });
}
