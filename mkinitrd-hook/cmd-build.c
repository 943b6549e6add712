/* xf-mkinitrd build: the three steps: make, publish, report. */
#include "lib/cli.h"
#include "mkinitrd-hook/build-report.h"
#include "mkinitrd-hook/command.h"
#include "mkinitrd-hook/options.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int build(const struct mkinitrd_options *options, const char *path)
{
	struct initrd initrd = { 0 };
	int rc = initrd_make(&options->initrd, &initrd);

	if (!rc && !options->dry_run)
		rc = initrd_publish(&initrd, path, 0644);
	if (!rc)
		build_report(options, path, &initrd);
	initrd_free(&initrd);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}

int mkinitrd_build(void *given, char **arguments)
{
	struct mkinitrd_options *options = given;
	char path[PATH_MAX];

	if (mkinitrd_options_make(options))
		return EXIT_USAGE;
	options->initrd.version = arguments[0];
	if (mkinitrd_options_check_version(options))
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
