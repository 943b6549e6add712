/*
 * cpio archives in the "newc" form (Linux:
 *Documentation/driver-api/early-userspace/buffer-format.rst). An entry is
 *
 *	"070701" and 13 fields of 8 hexadecimal digits: ino mode uid gid nlink mtime filesize
 *	devmajor devminor rdevmajor rdevminor namesize check
 *	name, NUL, padding to 4     contents, padding to 4
 *
 * and the last one is called TRAILER!!!.
 */
#ifndef MKINITRD_HOOK_CPIO_H
#define MKINITRD_HOOK_CPIO_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CPIO_HEADER 110 /* bytes before the name */

/* What the archive says of one file. The owner is root. */
struct cpio_entry {
	const char *name; /* without a leading '/' */
	uint32_t mode;    /* type and permissions, as st_mode */
	uint32_t ino;     /* different for each file; same ino: hard links */
	uint32_t nlink;
	uint32_t mtime; /* seconds since 1970 */
	uint32_t rdev_major, rdev_minor;
	const void *data; /* contents, or a symbolic link's target */
	size_t size;      /* bytes */
};

/*
 * Write the header's text. Returns 0, -EFBIG where size does not fit the format, -ENAMETOOLONG
 * where the kernel would refuse the name (PATH_MAX).
 */
int cpio_header(const struct cpio_entry *entry, char header[static CPIO_HEADER + 1]);

/* Write one entry, or the end of the archive. Returns 0, -errno, or what cpio_header() refuses. */
int cpio_write(FILE *out, const struct cpio_entry *entry);
int cpio_write_end(FILE *out);

#endif
