/*
 * Which modules a client needs to reach its share and its root: the one place that names them.
 */
#ifndef MKINITRD_HOOK_NAMES_H
#define MKINITRD_HOOK_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#define NAMES_MAX 64 /* modules wanted by name */

/* Names wanted, in the order they were asked for. They belong to whom they came from. */
struct names {
	size_t n;
	const char *name[NAMES_MAX];
};

enum names_kind { NAMES_BASE, NAMES_PLATFORM, NAMES_FILESYSTEM };

/*
 * Add the modules of one group: a platform ("xen", "kvm", "all") or a root's file system ("ext4",
 * "xfs", "btrfs"); group is not read for NAMES_BASE. Returns 0, or -EINVAL for an unknown group.
 */
int names_add_group(struct names *names, enum names_kind kind, const char *group);

/* Add one module; a name that is there already is left alone. Returns 0, -EINVAL, or -E2BIG. */
int names_add(struct names *names, const char *name);

/* Whether text can be a kernel's version, as `uname -r` gives it: no path, no white space. */
bool names_version_ok(const char *text);

#endif
