/*
 * The kernel modules of an initrd: those wanted and all that they depend on, found by libkmod in
 * one kernel's directory.
 */
#ifndef MKINITRD_HOOK_MODULES_H
#define MKINITRD_HOOK_MODULES_H

#include "mkinitrd-hook/build/module-names.h"
#include "mkinitrd-hook/image/blob.h"

#include <stdbool.h>

#define MODULE_BYTES_MAX (64u << 20) /* one module, unpacked */

struct module {
	char *name;          /* as the kernel has it: '_', never '-' */
	char *path;          /* of the file, in the kernel's directory */
	char *file;          /* its name in the initrd */
	struct blob content; /* what the initrd gets */
	size_t ndeps;
	struct module **dep; /* all of them, also indirect and soft "pre" ones, in load order */
};

struct modules {
	size_t n;
	struct module **module; /* sorted by name after modules_find() */
	size_t nbuiltin;
	char *builtin[NAMES_MAX]; /* wanted ones that the kernel itself holds, '_' for '-' */
};

/*
 * Find the wanted modules in directory (…/lib/modules/VERSION). Every wanted module that is neither
 * there nor built in is named on stderr. Returns 0 or -errno; modules_free() in both cases.
 */
int modules_find(const char *directory, const struct names *wanted, struct modules *set);

/*
 * Read the files. keep_compressed: take .ko.xz and the like as they are, else unpack them. Returns
 * 0, or -errno after a message that names the file.
 */
int modules_read(struct modules *set, bool keep_compressed);

/* The module of that name ('_', not '-'; length bytes), or NULL. */
struct module *modules_get(const struct modules *set, const char *name, size_t length);

void modules_free(struct modules *set);

#endif
