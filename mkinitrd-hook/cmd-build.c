/* xf-mkinitrd build: the three steps: make, publish, report. */
#include "mkinitrd-hook/command.h"
#include "mkinitrd-hook/options.h"
#include "mkinitrd-hook/report.h"

#include <err.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: xf-mkinitrd build [OPTION…] VERSION\n"
	"\n"
	"Make the initrd that boots a client from its share with the kernel VERSION.\n"
	"\n"
	"  -o, --output FILE        where to (default: ROOT/boot/xf-initrd-VERSION.img)\n";

static int publish(const struct options *options, const char *path, const struct initrd *initrd)
{
	int rc = options->dry_run ? 0 : blob_publish(&initrd->packed, path, 0644);

	if (rc)
		warnx("%s: not written: %s; what was there is kept", path, strerror(-rc));
	return rc;
}

static int build(const struct options *options, const char *path)
{
	struct initrd initrd = { 0 };
	bool done = !initrd_make(&options->initrd, &initrd) && !publish(options, path, &initrd) &&
		    !report(options, path, &initrd);

	initrd_free(&initrd);
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}

int cmd_build(int argc, char **argv)
{
	struct options options;
	char path[PATH_MAX];
	int status = options_parse(
		argc, argv, usage, "kernel VERSION, as `uname -r` gives it,", &options);

	if (status >= 0)
		return status;
	if (options.initrd.version) {
		warnx("--kernel is for `exchange`; build takes the VERSION as its argument");
		return EXIT_USAGE;
	}
	options.initrd.version = options.argument;
	if (!options_check_version(&options))
		return EXIT_USAGE;
	if (options.output)
		return build(&options, options.output);
	if (snprintf(path, sizeof(path), "%s/boot/xf-initrd-%s.img", options.initrd.root,
		    options.initrd.version) >= PATH_MAX) {
		warnx("%s: path too long", options.initrd.root);
		return EXIT_FAILURE;
	}
	return build(&options, path);
}
