#include "farm/master/recipe.h"

#include <errno.h>
#include <string.h>

#include "lib/array.h"

/* What a machine needs to start from a disk, to be reached, and to update itself; what the programs
 * of this project and their hooks need. */
#define COMMON                                                                              \
	"systemd-sysv systemd-resolved dbus udev kmod initramfs-tools KERNEL iproute2 "     \
	"iputils-ping procps openssh-server ca-certificates e2fsprogs busybox-static zstd " \
	"libjson-c5 libseccomp2"

static const struct recipe recipes[] = {
	{ "debian12", "Debian 12 (bookworm)", "bookworm", COMMON " libnfs13 libtirpc3" },
	{ "debian13", "Debian 13 (trixie)", "trixie", COMMON " libnfs14 libtirpc3t64" },
};

static const struct {
	const char *machine, *package;
} kernels[] = {
	{ "x86_64", "linux-image-cloud-amd64" },
	{ "aarch64", "linux-image-cloud-arm64" },
};

const struct recipe *recipe_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(recipes); i++)
		if (strcmp(recipes[i].name, name) == 0)
			return &recipes[i];
	return NULL;
}

void recipe_names(struct buf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(recipes); i++)
		buf_printf(out, "%s%s", i ? ", " : "", recipes[i].name);
}

static const char *kernel_of(const char *machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++)
		if (strcmp(kernels[i].machine, machine) == 0)
			return kernels[i].package;
	return NULL;
}

static void add_packages(const char *packages, const char *kernel, struct buf *out)
{
	static const char marker[] = "KERNEL";

	while (*packages) {
		size_t n = strcspn(packages, " ");

		if (n == sizeof(marker) - 1 && memcmp(packages, marker, n) == 0)
			buf_puts(out, kernel);
		else
			buf_add(out, packages, n);
		packages += n + strspn(packages + n, " ");
		buf_puts(out, *packages ? "," : "");
	}
}

int recipe_arguments(const struct recipe *recipe, const char *tree, const char *more,
	const char *mirror, const char *machine, struct recipe_arguments *a)
{
	const char *kernel = kernel_of(machine);
	size_t n = 0;

	memset(a, 0, sizeof(*a));
	if (!kernel)
		return -EINVAL;
	buf_puts(&a->include, "--include=");
	add_packages(recipe->packages, kernel, &a->include);
	if (more)
		buf_printf(&a->include, ",%s", more);
	buf_add(&a->include, "", 1);
	a->argv[n++] = "mmdebstrap";
	a->argv[n++] = "--quiet";
	a->argv[n++] = "--variant=minbase";
	a->argv[n++] = a->include.data;
	a->argv[n++] = recipe->suite;
	a->argv[n++] = tree;
	if (mirror && *mirror)
		a->argv[n++] = mirror;
	return a->include.failed ? -ENOMEM : 0;
}

const char *recipe_check_packages(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789+-.:,";

	if (!*text || strspn(text, letters) != strlen(text))
		return "is not a list of packages with commas between them";
	return *text == '-' || *text == ',' || strstr(text, ",-") || strstr(text, ",,")
		       ? "is not a list of packages with commas between them"
		       : NULL;
}
