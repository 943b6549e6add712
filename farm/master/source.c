#include "farm/master/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/publish/disk-image.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

#define ISO9660_MAGIC_AT 32769

static bool has_magic(int fd, const char *magic, off_t at)
{
	char bytes[8];
	size_t n = strlen(magic);

	return pread(fd, bytes, n, at) == (ssize_t)n && memcmp(bytes, magic, n) == 0;
}

static int say_neither(const char *from)
{
	AUTO_BUF struct buf names = { 0 };

	recipe_names(&names);
	buf_add(&names, "", 1);
	return -cli_error(EINVAL,
		"--from %s: that is neither an installation's tree, nor a disk image with a file "
		"system, nor an installer's ISO, nor a recipe (%s)",
		from, names.failed ? "?" : names.data);
}

static int open_tree(const char *from, struct master_source *source)
{
	static const char *const signs[] = { "usr/lib/os-release", "etc/os-release" };
	AUTO_CLOSE int dir = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	source->kind = MASTER_FROM_TREE;
	if (dir < 0)
		return cli_error(-errno, "%s", from);
	if (strcmp(source->path, "/") == 0)
		return -cli_error(EINVAL,
			"--from /: that is this server itself, while it runs; give a copy of it");
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		if (faccessat(dir, signs[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return 0;
	return say_neither(from);
}

/* A hybrid ISO has partitions, too; and a qcow2 image holds anything. */
static int open_file(const char *from, struct master_source *source)
{
	AUTO_CLOSE int fd = open(from, O_RDONLY | O_CLOEXEC);
	struct disk_image image;
	int r;

	if (fd < 0)
		return cli_error(-errno, "%s", from);
	source->kind = MASTER_FROM_IMAGE;
	source->format = "raw";
	if (has_magic(fd, "CD001", ISO9660_MAGIC_AT)) {
		source->kind = MASTER_FROM_ISO;
		return 0;
	}
	if (has_magic(fd, "QFI\xfb", 0)) {
		source->format = "qcow2";
		return 0;
	}
	r = disk_image_probe(fd, &image);
	if (r < 0)
		return cli_error(r, "%s", from);
	return image.n > 0 ? 0 : say_neither(from);
}

int master_source_open(const char *from, struct master_source *source)
{
	struct stat st;

	memset(source, 0, sizeof(*source));
	source->recipe = recipe_find(from);
	if (source->recipe)
		return 0;
	if (stat(from, &st) < 0)
		return errno == ENOENT ? say_neither(from) : cli_error(-errno, "%s", from);
	source->path = realpath(from, NULL);
	if (!source->path)
		return cli_error(-errno, "%s", from);
	if (S_ISDIR(st.st_mode))
		return open_tree(from, source);
	return S_ISREG(st.st_mode) || S_ISBLK(st.st_mode) ? open_file(from, source)
							  : say_neither(from);
}

void master_source_free(struct master_source *source)
{
	free(source->path);
	source->path = NULL;
}
