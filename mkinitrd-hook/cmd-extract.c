/* xf-mkinitrd extract: the files of an initrd, in a folder. */
#include "lib/cleanup.h"
#include "mkinitrd-hook/command.h"
#include "mkinitrd-hook/image/unpack.h"
#include "mkinitrd-hook/source.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char help[] =
	"usage: xf-mkinitrd extract IMAGE DIR\n"
	"\n"
	"Unpack all segments of an initrd into DIR, which must be new or empty, as\n"
	"the kernel would. Owners and device nodes need root.\n"
	"\n"
	"  -h, --help  this text\n";

static bool is_empty(const char *path)
{
	AUTO_CLOSEDIR DIR *dir = opendir(path);
	struct dirent *d;

	while (dir && (d = readdir(dir)))
		if (strcmp(d->d_name, ".") && strcmp(d->d_name, ".."))
			return false;
	return dir;
}

static int open_folder(const char *path)
{
	int fd;

	if (mkdir(path, 0755) && errno != EEXIST) {
		warn("%s", path);
		return -1;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		warn("%s", path);
	else if (!is_empty(path)) {
		warnx("%s: not empty; a new folder is expected", path);
		close(fd);
		fd = -1;
	}
	return fd;
}

static const char *reason(int rc)
{
	if (rc == -ELOOP || rc == -ENOTDIR)
		return "its folder is a link or a file; nothing was written through it";
	return strerror(-rc);
}

static int extract(const char *image, const struct source *source, const char *path)
{
	AUTO_CLOSE int folder = open_folder(path);
	struct unpacked result;
	int rc;

	if (folder < 0)
		return -1;
	rc = unpack_tree(&source->segments, folder, &result);
	if (rc && result.name)
		warnx("%s: \"%s\": %s; %s is not complete", image, result.name, reason(rc), path);
	else if (rc)
		warnx("%s: %s", path, strerror(-rc));
	if (result.skipped)
		warnx("%zu device nodes left out: only root can make them", result.skipped);
	return rc;
}

int cmd_extract(int argc, char **argv)
{
	static const struct option options[] = { { "help", no_argument, NULL, 'h' }, { NULL } };
	int option = getopt_long(argc, argv, "h", options, NULL);
	struct source source;
	bool done;

	if (option == 'h') {
		fputs(help, stdout);
		return EXIT_SUCCESS;
	}
	if (option == '?')
		return EXIT_USAGE;
	if (argc - optind != 2) {
		warnx("an IMAGE and a DIR are expected");
		return EXIT_USAGE;
	}
	/* All names are looked at before the first one is written. */
	done = !source_open(argv[optind], &source) &&
	       !extract(argv[optind], &source, argv[optind + 1]);
	source_close(&source);
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
