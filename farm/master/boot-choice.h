/* Which kernel of a master it boots from, without a boot loader. No I/O. */
#ifndef FARM_MASTER_BOOT_CHOICE_H
#define FARM_MASTER_BOOT_CHOICE_H

#include <limits.h>
#include <stddef.h>

/* Paths below the root. */
struct boot_choice {
	char kernel[PATH_MAX], initrd[PATH_MAX];
	char version[NAME_MAX + 1];
};

/*
 * The newest kernel that has an initrd of the distribution's own, among the n names in boot/ and
 * the n_modules names in usr/lib/modules/, where a directory V may hold its kernel V/vmlinuz.
 * Returns 0 or -ENOENT.
 */
int boot_choose(const char *const *boot, size_t n, const char *const *modules, size_t n_modules,
	struct boot_choice *choice);

#endif
