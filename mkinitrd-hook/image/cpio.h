/*
 * cpio archives in the "newc" format (Linux: Documentation/driver-api/early-userspace/
 * buffer-format.rst). An entry is
 *
 *	"070701" and 13 fields of 8 hexadecimal digits: ino mode uid gid nlink mtime filesize
 *	devmajor devminor rdevmajor rdevminor namesize check
 *	name, NUL, padding to 4     contents, padding to 4
 *
 * and the last one is called TRAILER!!!. "070702" is the same with check in use.
 */
#ifndef MKINITRD_HOOK_CPIO_H
#define MKINITRD_HOOK_CPIO_H

#include "lib/buf.h"

#include <stddef.h>
#include <stdint.h>

#define CPIO_HEADER 110 /* bytes before the name */

/* One file of an archive. */
struct cpio_entry {
	const char *name; /* when written: without a leading '/' */
	uint32_t mode;    /* type and permissions, as st_mode */
	uint32_t uid, gid;
	uint32_t ino; /* same dev and ino, nlink over 1: hard links, one of which has the data */
	uint32_t nlink;
	uint32_t mtime; /* seconds since 1970 */
	uint32_t dev_major, dev_minor;
	uint32_t rdev_major, rdev_minor;
	const void *data; /* contents, or a symbolic link's target (no NUL) */
	size_t size;      /* bytes */
};

/* The order of two regular files by device and inode, 0 for hard links of one file. */
int cpio_compare_inodes(const struct cpio_entry *a, const struct cpio_entry *b);

/*
 * Write the header's text. Returns 0, -EFBIG where size does not fit the format, -ENAMETOOLONG
 * where the kernel would refuse the name (PATH_MAX).
 */
int cpio_header(const struct cpio_entry *entry, char header[static CPIO_HEADER + 1]);

/* Append one entry, or the end of the archive. Returns 0, -ENOMEM, or what cpio_header() refuses.
 */
int cpio_write(struct buf *out, const struct cpio_entry *entry);
int cpio_write_end(struct buf *out);

/* Append zeros, up to a multiple of 4 after that many bytes. */
void cpio_pad(struct buf *out, size_t written);

/*
 * Reads archives that follow each other, with zeros between and after them, one entry at a time; at
 * and from begin at the first byte. It is an error if the kernel would refuse or silently ignore
 * something: cpio(1) and libarchive accept more than the kernel, so this reader is our own.
 */
struct cpio_reader {
	const unsigned char *from, *at, *end;
	const unsigned char *start; /* of the entry read last */
	const char *what;           /* static text: what is wrong at byte at - from */
};

enum { CPIO_END, CPIO_ENTRY, CPIO_TRAILER };

/*
 * Read the next entry; name and data point into the bytes. Returns CPIO_ENTRY, CPIO_TRAILER at the
 * end of one archive, CPIO_END when nothing is left, or -EBADMSG with reader->what set. reader->at
 * is then after the entry and its padding; after an error it is where the entry begins.
 */
int cpio_read(struct cpio_reader *reader, struct cpio_entry *entry);

#endif
