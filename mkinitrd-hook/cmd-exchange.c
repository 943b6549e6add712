/* xf-mkinitrd exchange: the init of an initrd that another tool made. */
#include "lib/cli.h"
#include "mkinitrd-hook/build-report.h"
#include "mkinitrd-hook/build/elf.h"
#include "mkinitrd-hook/build/processor.h"
#include "mkinitrd-hook/command.h"
#include "mkinitrd-hook/image/exchange.h"
#include "mkinitrd-hook/initrd-file.h"
#include "mkinitrd-hook/options.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The one kernel that there are modules of, or NULL after a message. */
static const char *find_version(const char *path, const struct initrd_index *index)
{
	static struct index_kernels kernels;

	index_kernels(index, &kernels);
	if (kernels.n == 1)
		return kernels.version[0];
	cli_error(0, "%s: %s; say which kernel boots it with --kernel VERSION", path,
		kernels.n ? "it has modules of several kernels" : "it has no lib/modules/VERSION");
	for (size_t i = 0; i < kernels.n; i++)
		fprintf(stderr, "  %s\n", kernels.version[i]);
	return NULL;
}

static int put_in(const struct mkinitrd_options *options, const struct initrd_file *source,
	const char *path, struct initrd *initrd)
{
	const struct exchange how = {
		.image = &source->image,
		.segments = &source->segments,
		.index = &source->index,
		.ours = &initrd->tree,
		.mtime = options->initrd.mtime,
		.as_it_was = !options->compress,
		.codec = options->initrd.codec,
		.level = options->initrd.level,
	};
	int rc = exchange_make(&how, &initrd->packed, &initrd->unpacked);

	if (rc == -ENOENT)
		cli_error(0, "%s: it has no init: is it a whole initramfs?", path);
	else if (rc)
		cli_error(rc, "%s", path);
	return rc;
}

static bool fits(const char *path, const struct initrd_index *index, const struct initrd *initrd)
{
	char file[2 * PATH_MAX];
	const char *where = "";
	uint32_t processor = processor_of_initrd(index, &where);

	snprintf(file, sizeof(file), "%s: /%s", path, where);
	return processor_fits(file, processor, elf_processor(&initrd->init));
}

/* An initrd may hold what is not for everybody: its mode stays. */
static int publish(const char *from, const char *to, const struct initrd *initrd)
{
	struct stat st;

	if (stat(from, &st))
		return cli_error(-errno, "%s", from);
	return initrd_publish(initrd, to, st.st_mode & 07777);
}

/* From the image that was opened to the one to be written, in initrd. */
static int make(struct mkinitrd_options *options, const char *path,
	const struct initrd_file *source, struct initrd *initrd)
{
	int rc;

	if (!options->initrd.version)
		options->initrd.version = find_version(path, &source->index);
	rc = options->initrd.version ? mkinitrd_options_check_version(options) : -EINVAL;
	if (!rc)
		rc = initrd_collect(&options->initrd, initrd);
	if (!rc && !fits(path, &source->index, initrd))
		rc = -ENOEXEC;
	return rc ? rc : put_in(options, source, path, initrd);
}

static int exchange(struct mkinitrd_options *options, const char *path, struct initrd_file *source,
	struct initrd *initrd)
{
	char real[PATH_MAX];
	const char *to = options->output;
	int rc;

	/* A link to the image, as /initrd.img often is, stays one. */
	if (!to && !(to = realpath(path, real)))
		return cli_error(-errno, "%s", path);
	rc = initrd_file_open(path, source);
	if (!rc)
		rc = make(options, path, source, initrd);
	if (!rc && !options->dry_run)
		rc = publish(path, to, initrd);
	if (!rc)
		build_report(options, to, initrd);
	return rc;
}

int mkinitrd_exchange(void *options, char **arguments)
{
	struct initrd_file source = { 0 };
	struct initrd initrd = { 0 };
	int rc;

	if (mkinitrd_options_make(options))
		return EXIT_USAGE;
	rc = exchange(options, arguments[0], &source, &initrd);
	initrd_free(&initrd);
	initrd_file_close(&source);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
