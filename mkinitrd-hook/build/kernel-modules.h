/*
 * The kernel modules of an initrd: those wanted and all their dependencies, found by libkmod in the
 * directory of one kernel.
 */
#ifndef MKINITRD_HOOK_KERNEL_MODULES_H
#define MKINITRD_HOOK_KERNEL_MODULES_H

#include "mkinitrd-hook/build/module-names.h"
#include "mkinitrd-hook/image/blob.h"

#include <stdbool.h>

#define KERNEL_MODULE_BYTES_MAX (64u << 20) /* one module, unpacked */

struct kernel_module {
	char *name;          /* as the kernel has it: '_', never '-' */
	char *path;          /* of the file, in the directory of the kernel */
	char *file;          /* its name in the initrd */
	struct blob content; /* what the initrd gets */
	size_t ndeps;
	struct kernel_module *
		*dep; /* all of them, also indirect and soft "pre" ones, in load order */
};

struct kernel_modules {
	size_t n;
	struct kernel_module **module; /* sorted by name after kernel_modules_find() */
	size_t nbuiltin;
	char *builtin[MODULE_NAMES_MAX]; /* wanted ones that are part of the kernel, '_' for '-' */
};

/*
 * Find the wanted modules in directory (…/lib/modules/VERSION). Every wanted module that is neither
 * there nor built in is reported. Returns 0 or -errno; kernel_modules_free() in both cases.
 */
int kernel_modules_find(
	const char *directory, const struct module_names *wanted, struct kernel_modules *set);

/*
 * Read the files. keep_compressed: take .ko.xz and the like as they are, otherwise unpack them.
 * Returns 0, or -errno after a message that names the file.
 */
int kernel_modules_read(struct kernel_modules *set, bool keep_compressed);

/* The module of that name ('_', not '-'; length bytes), or NULL. */
struct kernel_module *kernel_modules_get(
	const struct kernel_modules *set, const char *name, size_t length);

void kernel_modules_free(struct kernel_modules *set);

#endif
