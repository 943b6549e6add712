#include "mkinitrd-hook/build/programs.h"
#include "lib/cli.h"

#include "mkinitrd-hook/build/elf.h"
#include "mkinitrd-hook/build/processor.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM_MAX (32u << 20) /* bytes */

static int read_static(const char *path, struct blob *program)
{
	int rc = blob_read(path, PROGRAM_MAX, program);

	if (!rc)
		rc = elf_check_static(program);
	if (rc)
		blob_free(program);
	return rc;
}

static const char *reason(int rc)
{
	switch (rc) {
	case -ENOEXEC:
		return "not an ELF program of this machine's byte order";
	case -ELIBACC:
		return "dynamically linked; an initrd has no libraries, a static program is needed";
	case -EINVAL:
		return "not a regular file";
	default:
		return strerror(-rc);
	}
}

/* The path of a program of ours: beside this one when it runs from its build directory. */
static const char *own_path(const char *name, char path[static PATH_MAX])
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n > 0) {
		self[n] = '\0';
		if (snprintf(path, PATH_MAX, "%s/%s", dirname(self), name) < PATH_MAX &&
			!access(path, F_OK))
			return path;
	}
	snprintf(path, PATH_MAX, "%s/%s", XF_LIBEXECDIR, name);
	return path;
}

/* Returns rc, after a message if it is an error. */
static int explain(const char *path, int rc)
{
	if (rc)
		cli_error(0, "%s: %s", path, reason(rc));
	return rc;
}

static int read_own(const char *name, const char *given, struct blob *program)
{
	char buffer[PATH_MAX];
	const char *path = given ? given : own_path(name, buffer);
	int rc = explain(path, read_static(path, program));

	if (rc == -ENOENT && !given)
		cli_error(0, "install %s there, or name it with --%s FILE", name,
			name + strlen("xf-"));
	return rc;
}

/* A busybox for another processor would only be noticed when a shell is needed. */
static int read_busybox(const char *path, uint32_t processor, struct blob *program)
{
	int rc = read_static(path, program);

	if (!rc && elf_processor(program) != processor) {
		blob_free(program);
		rc = -ENOEXEC;
	}
	return rc;
}

static void find_busybox(const char *root, uint32_t processor, struct blob *program)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/bin/busybox", root);
	if (read_busybox(path, processor, program) &&
		read_busybox("/bin/busybox", processor, program))
		cli_error(0,
			"no static busybox found: xfdebug= and xffail=shell will have no shell "
			"(install busybox-static, or give --busybox FILE)");
}

int programs_read(const struct initrd_options *options, struct initrd *initrd)
{
	const char *busybox = options->busybox;
	uint32_t processor;
	int rc = read_own("xf-init", options->init, &initrd->init);

	if (!rc)
		rc = read_own("xf-shutdown", options->shutdown, &initrd->shutdown);
	if (rc)
		return rc;
	processor = elf_processor(&initrd->init);
	if (!processor_fits("xf-shutdown", elf_processor(&initrd->shutdown), processor))
		return -ENOEXEC;
	if (!busybox)
		find_busybox(options->root, processor, &initrd->busybox);
	if (!busybox || !strcmp(busybox, "none"))
		return 0;
	return explain(busybox, read_busybox(busybox, processor, &initrd->busybox));
}
