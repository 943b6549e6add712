#include "mkinitrd-hook/image/cpio.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

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

void cpio_pad(FILE *out, size_t written)
{
	static const char zero[3];

	fwrite(zero, 1, -written & 3, out);
}

int cpio_write(FILE *out, const struct cpio_entry *entry)
{
	char header[CPIO_HEADER + 1];
	size_t name_size = strlen(entry->name) + 1;
	int rc = cpio_header(entry, header);

	if (rc)
		return rc;
	errno = 0;
	fwrite(header, 1, CPIO_HEADER, out);
	fwrite(entry->name, 1, name_size, out);
	cpio_pad(out, CPIO_HEADER + name_size);
	if (entry->size)
		fwrite(entry->data, 1, entry->size, out);
	cpio_pad(out, entry->size);
	return ferror(out) ? -(errno ? errno : EIO) : 0;
}

int cpio_write_end(FILE *out)
{
	return cpio_write(out, &(struct cpio_entry){ .name = "TRAILER!!!", .nlink = 1 });
}
