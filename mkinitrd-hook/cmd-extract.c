/* xf-mkinitrd extract: the files of an initrd, in a directory. */
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "mkinitrd-hook/command.h"
#include "mkinitrd-hook/image/unpack.h"
#include "mkinitrd-hook/initrd-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_empty(const char *path)
{
	AUTO_CLOSEDIR DIR *dir = opendir(path);
	struct dirent *d;

	while (dir && (d = readdir(dir)))
		if (strcmp(d->d_name, ".") && strcmp(d->d_name, ".."))
			return false;
	return dir;
}

static int open_directory(const char *path)
{
	int fd;

	if (mkdir(path, 0755) && errno != EEXIST) {
		cli_error(-errno, "%s", path);
		return -1;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		cli_error(-errno, "%s", path);
	else if (!is_empty(path)) {
		cli_error(0, "%s: not empty; a new directory is expected", path);
		close(fd);
		fd = -1;
	}
	return fd;
}

static const char *reason(int rc)
{
	if (rc == -ELOOP || rc == -ENOTDIR)
		return "its directory is a link or a file; nothing was written through it";
	return strerror(-rc);
}

static int extract(const char *image, const struct initrd_file *source, const char *path)
{
	AUTO_CLOSE int directory = open_directory(path);
	struct unpack_result result;
	int rc;

	if (directory < 0)
		return -1;
	rc = unpack_tree(&source->segments, directory, &result);
	if (rc && result.name)
		cli_error(0, "%s: \"%s\": %s; %s is not complete", image, result.name, reason(rc),
			path);
	else if (rc)
		cli_error(0, "%s: %s", path, strerror(-rc));
	if (result.skipped)
		cli_error(0, "%zu device nodes left out: only root can make them", result.skipped);
	return rc;
}

int mkinitrd_extract(void *options, char **arguments)
{
	struct initrd_file source;
	bool done;

	(void)options;
	/* All names are checked before the first file is written. */
	done = !initrd_file_open(arguments[0], &source) &&
	       !extract(arguments[0], &source, arguments[1]);
	initrd_file_close(&source);
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
