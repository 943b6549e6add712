/*
 * Which modules a client needs to reach its share and its root: the one place that names them.
 */
#ifndef MKINITRD_HOOK_MODULE_NAMES_H
#define MKINITRD_HOOK_MODULE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#define MODULE_NAMES_MAX 64 /* modules wanted by name */

/* Names wanted, in the order of the options. The strings are borrowed. */
struct module_names {
	size_t n;
	const char *name[MODULE_NAMES_MAX];
};

enum module_names_kind { MODULE_NAMES_BASE, MODULE_NAMES_PLATFORM, MODULE_NAMES_FILESYSTEM };

/*
 * Add the modules of one group: a platform ("xen", "kvm", "all") or a root's file system ("ext4",
 * "xfs", "btrfs"); group is not read for MODULE_NAMES_BASE. Returns 0, or -EINVAL for an unknown
 * group.
 */
int module_names_add_group(
	struct module_names *names, enum module_names_kind kind, const char *group);

/* Add one module; a name that is in the list already is not added again. Returns 0, -EINVAL, or
 * -E2BIG. */
int module_names_add(struct module_names *names, const char *name);

/* Whether text can be a kernel version as of `uname -r`: no path, no white space. */
bool module_names_version_ok(const char *text);

#endif
