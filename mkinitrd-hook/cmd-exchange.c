/* xf-mkinitrd exchange: the init of an initrd that another tool made. */
#include "mkinitrd-hook/build/elf.h"
#include "mkinitrd-hook/build/processor.h"
#include "mkinitrd-hook/command.h"
#include "mkinitrd-hook/image/merge.h"
#include "mkinitrd-hook/options.h"
#include "mkinitrd-hook/report.h"
#include "mkinitrd-hook/source.h"

#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char usage[] =
	"usage: xf-mkinitrd exchange [OPTION…] IMAGE\n"
	"\n"
	"Put xf-init and what it needs into an initrd of dracut, initramfs-tools or mkinitrd. Its\n"
	"own init is kept as /init.orig and runs when there is no xfnet= on the command line.\n"
	"\n"
	"  -o, --output FILE        where to (default: IMAGE itself)\n"
	"      --kernel VERSION     of the modules to put in (default: the image's one kernel)\n";

/* Says on stderr why there is not exactly one. */
static const char *find_version(const char *path, const struct tree *tree)
{
	static struct kernels kernels;

	tree_kernels(tree, &kernels);
	if (kernels.n == 1)
		return kernels.version[0];
	warnx("%s: %s; say which kernel boots it with --kernel VERSION", path,
		kernels.n ? "it has modules of several kernels" : "it has no lib/modules/VERSION");
	for (size_t i = 0; i < kernels.n; i++)
		fprintf(stderr, "  %s\n", kernels.version[i]);
	return NULL;
}

static int put_in(const struct options *options, const struct source *source, const char *path,
	struct initrd *initrd)
{
	const struct merge how = {
		.image = &source->image,
		.segments = &source->segments,
		.tree = &source->tree,
		.ours = &initrd->image,
		.mtime = options->initrd.mtime,
		.as_it_was = !options->codec_given,
		.codec = options->initrd.codec,
		.level = options->initrd.level,
	};
	int rc = merge(&how, &initrd->packed, &initrd->unpacked);

	if (rc == -ENOENT)
		warnx("%s: it has no init: is it a whole initramfs?", path);
	else if (rc)
		warnx("%s: %s", path, strerror(-rc));
	return rc;
}

static bool fits(const char *path, const struct tree *tree, const struct initrd *initrd)
{
	char file[2 * PATH_MAX];
	const char *where = "";
	uint32_t processor = processor_of_tree(tree, &where);

	snprintf(file, sizeof(file), "%s: /%s", path, where);
	return processor_fits(file, processor, elf_processor(&initrd->init));
}

/* An initrd may hold what is not for everybody: its mode stays. */
static int publish(const char *from, const char *to, const struct initrd *initrd)
{
	struct stat st;
	int rc = stat(from, &st) ? -errno : blob_publish(&initrd->packed, to, st.st_mode & 07777);

	if (rc)
		warnx("%s: not written: %s; what was there is kept", to, strerror(-rc));
	return rc;
}

static int exchange(struct options *options, struct source *source, struct initrd *initrd)
{
	char real[PATH_MAX];
	const char *path = options->argument, *to = options->output;

	/* A link to the image, as /initrd.img often is, stays one. */
	if (!to && !(to = realpath(path, real))) {
		warn("%s", path);
		return -1;
	}
	if (source_open(path, source))
		return -1;
	if (!options->initrd.version)
		options->initrd.version = find_version(path, &source->tree);
	if (!options->initrd.version || !options_check_version(options) ||
		initrd_collect(&options->initrd, initrd) || !fits(path, &source->tree, initrd) ||
		put_in(options, source, path, initrd))
		return -1;
	if (!options->dry_run && publish(path, to, initrd))
		return -1;
	return report(options, to, initrd);
}

int cmd_exchange(int argc, char **argv)
{
	struct options options;
	struct source source = { 0 };
	struct initrd initrd = { 0 };
	int status = options_parse(argc, argv, usage, "IMAGE", &options);

	if (status >= 0)
		return status;
	status = exchange(&options, &source, &initrd) ? EXIT_FAILURE : EXIT_SUCCESS;
	initrd_free(&initrd);
	source_close(&source);
	return status;
}
