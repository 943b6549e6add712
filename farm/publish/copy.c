#include "farm/publish/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/output.h"
#include "farm/publish/passwords.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/paths.h"
#include "lib/spawn.h"
#include "lib/vis.h"

#define ARGUMENTS_MAX 32

struct arguments {
	char *argv[ARGUMENTS_MAX + 1];
	size_t n;
	bool failed;
};

__attribute__((format(printf, 2, 3))) static void add(struct arguments *a, const char *format, ...)
{
	va_list ap;

	if (a->n == ARGUMENTS_MAX) {
		a->failed = true;
		return;
	}
	va_start(ap, format);
	if (vasprintf(&a->argv[a->n], format, ap) < 0)
		a->failed = true;
	else
		a->n++;
	va_end(ap);
}

static void free_arguments(struct arguments *a)
{
	while (a->n > 0)
		free(a->argv[--a->n]);
}

static void add_rules(const struct copy_job *copy, struct arguments *a)
{
	for (const char *const *path = passwords_files; *path; path++)
		add(a, "--filter=- /%s", *path);
	/* They are made for each generation (farm/publish/kernels.h, boot-links.h). */
	add(a, "--filter=- /boot/xf-initrd-*.img");
	add(a, "--filter=- /" PATH_BOOT_KERNEL);
	add(a, "--filter=- /" PATH_BOOT_INITRD);
	add(a, "--filter=merge %s/etc/filter", copy->share->path);
}

/* rsync's exit status, as an errno after a message. */
static int explain(int status, const char *from)
{
	switch (status) {
	case 0:
		return 0;
	case 11:
		return -cli_error(
			EIO, "nothing was published: reading or writing failed, see above");
	case 23:
		return -cli_error(EIO,
			"nothing was published: rsync could not copy everything from %s, see above",
			from);
	case 24:
		return -cli_error(EBUSY,
			"nothing was published: files vanished from %s while it was copied; stop "
			"the programs that write there",
			from);
	default:
		return -cli_error(EIO, "nothing was published: rsync ended with status %d", status);
	}
}

static int explain_start(int r)
{
	return r == -ENOENT ? -cli_error(ENOENT, "nothing was published: rsync is not installed")
			    : cli_error(r, "cannot run rsync");
}

/* rsync ends with this process; and until it has ended, it keeps the lock of what it writes to. */
static int rsync(struct arguments *a, const struct copy_job *copy, int out)
{
	const struct spawn spawn = {
		.argv = (const char *const *)a->argv,
		.out = out,
		.kept = copy->share->lock,
		.dies_with_parent = true,
	};
	int status, r = a->failed ? -ENOMEM : copy_run(&spawn, &status);

	free_arguments(a);
	return r < 0 ? explain_start(r) : explain(status, copy->from);
}

static void begin(struct arguments *a, const struct copy_job *copy)
{
	add(a, "rsync");
	/* -S: keep sparse files sparse. */
	add(a, "-aHAXS");
	add(a, "--numeric-ids");
	/* Compare times to the nanosecond; rsync's own default is to the second. */
	add(a, "--modify-window=-1");
	if (copy->checksum)
		add(a, "--checksum");
	add_rules(copy, a);
}

int copy_tree(const struct copy_job *copy)
{
	struct arguments a = { 0 };

	output_progress("copy", 0, 0);
	begin(&a, copy);
	for (size_t i = 0; i < 2; i++)
		if (copy->base[i])
			add(&a, "--link-dest=%s/gen/%u", copy->share->path, copy->base[i]);
	for (size_t i = 0; i < ARRAY_SIZE(copy_watched_options) && output_is_watched(); i++)
		add(&a, "%s", copy_watched_options[i]);
	add(&a, "%s/", copy->from);
	add(&a, "%s/", copy->to);
	return rsync(&a, copy, -1);
}

int copy_preview(const struct copy_job *copy)
{
	struct arguments a = { 0 };

	begin(&a, copy);
	add(&a, "--dry-run");
	add(&a, "--itemize-changes");
	add(&a, "--delete");
	add(&a, "%s/", copy->from);
	if (copy->base[0])
		add(&a, "%s/gen/%u/", copy->share->path, copy->base[0]);
	else
		add(&a, "%s/live/", copy->share->path);
	return rsync(&a, copy, STDOUT_FILENO);
}

static bool is_copy_of(const struct treelist_entry *copy, const struct stat *st)
{
	return st->st_mode == copy->mode && (uint64_t)st->st_size == copy->size &&
	       st->st_mtim.tv_sec == copy->mtime.tv_sec &&
	       st->st_mtim.tv_nsec == copy->mtime.tv_nsec;
}

/* The account file that st is another name of, or NULL: its passwords would be published. */
static const char *private_name(int source, const struct stat *st)
{
	struct stat private;

	if (st->st_nlink < 2)
		return NULL;
	for (const char *const *path = passwords_files; *path; path++)
		if (fstatat(source, *path, &private, AT_SYMLINK_NOFOLLOW) == 0 &&
			private.st_ino == st->st_ino && private.st_dev == st->st_dev)
			return *path;
	return NULL;
}

static int refuse_changed(const char *path)
{
	AUTO_FREE char *text = vis_string(path);

	return -cli_error(EBUSY,
		"nothing was published: %s changed while it was copied; stop the programs that "
		"write to it, or exclude it in etc/filter",
		text ? text : "?");
}

static int refuse_private(const char *path, const char *private)
{
	AUTO_FREE char *text = vis_string(path);

	return -cli_error(EPERM,
		"nothing was published: %s is a hard link to %s, and would publish its passwords; "
		"remove it, or exclude it in etc/filter",
		text ? text : "?", private);
}

int copy_check(int source, const struct treelist *copy)
{
	for (size_t i = 0; i < copy->n; i++) {
		const struct treelist_entry *e = &copy->entry[i];
		const char *private;
		struct stat st;

		/* A directory's time also changes with what the filter leaves out. */
		if (!S_ISREG(e->mode))
			continue;
		if (fstatat(source, e->path, &st, AT_SYMLINK_NOFOLLOW) < 0 || !is_copy_of(e, &st))
			return refuse_changed(e->path);
		private = private_name(source, &st);
		if (private)
			return refuse_private(e->path, private);
	}
	return 0;
}
