/* xf-mkinitrd list: the files of an initrd, as the kernel will have them. */
#include "lib/cli.h"
#include "mkinitrd-hook/command.h"
#include "mkinitrd-hook/initrd-file.h"
#include "mkinitrd-hook/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* One line a name: control characters are written in octal, as by ls -b. */
static void print_bytes(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = bytes[i];

		if (c < ' ' || c == 0x7f || c == '\\')
			printf("\\%03o", c);
		else
			putchar(c);
	}
}

static char type_letter(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return 'd';
	case S_IFLNK:
		return 'l';
	case S_IFCHR:
		return 'c';
	case S_IFBLK:
		return 'b';
	case S_IFIFO:
		return 'p';
	case S_IFSOCK:
		return 's';
	default:
		return '-';
	}
}

static void print_long(const struct initrd_index *index, const struct index_file *file)
{
	const struct cpio_entry *entry = &file->entry;
	char size[24];

	if (S_ISCHR(entry->mode) || S_ISBLK(entry->mode))
		snprintf(size, sizeof(size), "%u,%u", entry->rdev_major, entry->rdev_minor);
	else
		snprintf(size, sizeof(size), "%zu", index_content(index, file).size);
	printf("%c%04o %5u %5u %10s ", type_letter(entry->mode), entry->mode & 07777, entry->uid,
		entry->gid, size);
}

static void list(const struct initrd_index *index, bool details)
{
	for (size_t i = 0; i < index->n; i++) {
		const struct index_file *file = &index->file[i];

		if (!*file->path || (i + 1 < index->n && !strcmp(file->path, file[1].path)))
			continue;
		if (details)
			print_long(index, file);
		print_bytes(file->path, strlen(file->path));
		if (details && S_ISLNK(file->entry.mode)) {
			fputs(" -> ", stdout);
			print_bytes(file->entry.data, file->entry.size);
		}
		putchar('\n');
	}
}

int mkinitrd_list(void *options, char **arguments)
{
	const struct mkinitrd_options *o = options;
	struct initrd_file source;
	bool opened = !initrd_file_open(arguments[0], &source);

	if (opened)
		list(&source.index, o->details);
	initrd_file_close(&source);
	return opened ? EXIT_SUCCESS : EXIT_FAILURE;
}
