#include "mkinitrd-hook/image/cpio.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#define MAGIC  6 /* bytes */
#define FIELDS 13
enum { INO, MODE, UID, GID, NLINK, MTIME, SIZE, MAJOR, MINOR, RMAJOR, RMINOR, NAME_SIZE };

static int bad(struct cpio_reader *reader, const char *what)
{
	reader->what = what;
	return -EBADMSG;
}

/* Upper or lower case, as in the kernel. */
static bool read_field(const unsigned char *text, uint32_t *value)
{
	*value = 0;
	for (int i = 0; i < 8; i++) {
		unsigned char c = text[i] | 0x20;

		if (c >= '0' && c <= '9')
			c -= '0';
		else if (c >= 'a' && c <= 'f')
			c -= 'a' - 10;
		else
			return false;
		*value = *value << 4 | c;
	}
	return true;
}

static int read_header(struct cpio_reader *reader, uint32_t field[static FIELDS])
{
	const unsigned char *at = reader->at;

	if (reader->end - at < CPIO_HEADER)
		return bad(reader, "cut off in a header");
	if (memcmp(at, "070701", MAGIC) && memcmp(at, "070702", MAGIC))
		return bad(reader, "no header of a cpio archive (newc)");
	if ((at - reader->from) % 4)
		return bad(reader, "an archive that does not start at a multiple of 4 bytes: the "
				   "kernel would not take it");
	for (int i = 0; i < FIELDS; i++)
		if (!read_field(at + MAGIC + 8 * i, &field[i]))
			return bad(reader, "a header with a field that is not hexadecimal");
	return 0;
}

static size_t padded(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

/* name, data and size; returns the entry's length with its padding, 0 after bad(). */
static size_t read_body(
	struct cpio_reader *reader, const uint32_t field[static FIELDS], struct cpio_entry *entry)
{
	const char *name = (const char *)reader->at + CPIO_HEADER;
	size_t left = reader->end - reader->at, name_size = field[NAME_SIZE];
	size_t data = padded(CPIO_HEADER + name_size), size = field[SIZE];

	if (name_size == 0 || name_size > PATH_MAX)
		bad(reader, "a name that is empty or too long");
	else if (data > left || size > left - data)
		bad(reader, "cut off in a file");
	else if (name[name_size - 1])
		bad(reader, "a name that does not end");
	else if (S_ISLNK(field[MODE]) && (size == 0 || size >= PATH_MAX))
		bad(reader, "a symbolic link with a target that is empty or too long");
	else if (S_ISLNK(field[MODE]) && memchr(reader->at + data, 0, size))
		bad(reader, "a symbolic link with a NUL in its target");
	else {
		entry->name = name;
		entry->data = reader->at + data;
		entry->size = size;
		/* The padding of the last entry may be missing at the end. */
		size = padded(data + size);
		return size < left ? size : left;
	}
	return 0;
}

int cpio_read(struct cpio_reader *reader, struct cpio_entry *entry)
{
	uint32_t field[FIELDS];
	size_t length;

	while (reader->at < reader->end && !*reader->at)
		reader->at++;
	if (reader->at == reader->end)
		return CPIO_END;
	if (read_header(reader, field))
		return -EBADMSG;
	*entry = (struct cpio_entry){
		.mode = field[MODE],
		.uid = field[UID],
		.gid = field[GID],
		.ino = field[INO],
		.nlink = field[NLINK],
		.mtime = field[MTIME],
		.dev_major = field[MAJOR],
		.dev_minor = field[MINOR],
		.rdev_major = field[RMAJOR],
		.rdev_minor = field[RMINOR],
	};
	reader->start = reader->at;
	length = read_body(reader, field, entry);
	if (!length)
		return -EBADMSG;
	reader->at += length;
	return strcmp(entry->name, "TRAILER!!!") ? CPIO_ENTRY : CPIO_TRAILER;
}
