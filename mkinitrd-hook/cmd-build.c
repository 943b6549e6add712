/* xf-mkinitrd build: the three steps: make, publish, report. */
#include "lib/cli.h"
#include "mkinitrd-hook/build-report.h"
#include "mkinitrd-hook/command.h"
#include "mkinitrd-hook/options.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int publish(
	const struct mkinitrd_options *options, const char *path, const struct initrd *initrd)
{
	int rc = options->dry_run ? 0 : blob_publish(&initrd->packed, path, 0644);

	if (rc)
		cli_error(0, "%s: not written: %s; what was there is kept", path, strerror(-rc));
	return rc;
}

static int build(const struct mkinitrd_options *options, const char *path)
{
	struct initrd initrd = { 0 };
	bool done = !initrd_make(&options->initrd, &initrd) && !publish(options, path, &initrd);

	if (done)
		build_report(options, path, &initrd);
	initrd_free(&initrd);
	return done ? EXIT_SUCCESS : EXIT_FAILURE;
}

int mkinitrd_build(void *given, char **arguments)
{
	struct mkinitrd_options *options = given;
	char path[PATH_MAX];
	int status = mkinitrd_options_make(options);

	if (status)
		return status;
	options->initrd.version = arguments[0];
	if (!mkinitrd_options_check_version(options))
		return EXIT_USAGE;
	if (options->output)
		return build(options, options->output);
	if (snprintf(path, sizeof(path), "%s/boot/xf-initrd-%s.img", options->initrd.root,
		    options->initrd.version) >= PATH_MAX) {
		cli_error(0, "%s: path too long", options->initrd.root);
		return EXIT_FAILURE;
	}
	return build(options, path);
}
