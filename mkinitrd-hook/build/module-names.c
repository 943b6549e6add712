#include "mkinitrd-hook/build/module-names.h"

#include <errno.h>
#include <string.h>

/*
 * Dependencies are not listed, libkmod finds them. Left out on purpose: virtio_mmio (machines
 * without PCI), virtio_scsi and sd_mod, NFS's pNFS layouts; `--add` brings them.
 */
static const struct {
	enum module_names_kind kind;
	const char *group, *module;
} wanted[] = {
	{ MODULE_NAMES_BASE, NULL, "nfs" },
	{ MODULE_NAMES_BASE, NULL, "nfsv3" },
	{ MODULE_NAMES_BASE, NULL, "nfsv4" },
	{ MODULE_NAMES_BASE, NULL, "8021q" },
	{ MODULE_NAMES_PLATFORM, "xen", "xen-netfront" },
	{ MODULE_NAMES_PLATFORM, "xen", "xen-blkfront" },
	{ MODULE_NAMES_PLATFORM, "kvm", "virtio_pci" },
	{ MODULE_NAMES_PLATFORM, "kvm", "virtio_net" },
	{ MODULE_NAMES_PLATFORM, "kvm", "virtio_blk" },
	{ MODULE_NAMES_FILESYSTEM, "ext4", "ext4" },
	{ MODULE_NAMES_FILESYSTEM, "xfs", "xfs" },
	{ MODULE_NAMES_FILESYSTEM, "btrfs", "btrfs" },
};

static bool in_group(size_t i, enum module_names_kind kind, const char *group)
{
	if (wanted[i].kind != kind)
		return false;
	return kind == MODULE_NAMES_BASE || !strcmp(wanted[i].group, group) ||
	       (kind == MODULE_NAMES_PLATFORM && !strcmp(group, "all"));
}

int module_names_add_group(
	struct module_names *names, enum module_names_kind kind, const char *group)
{
	int rc = -EINVAL;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		if (!in_group(i, kind, group))
			continue;
		rc = module_names_add(names, wanted[i].module);
		if (rc)
			break;
	}
	return rc;
}

int module_names_add(struct module_names *names, const char *name)
{
	/* A module's name is a word of the table and part of a path. */
	if (!*name ||
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") !=
			strlen(name))
		return -EINVAL;
	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->name[i], name))
			return 0;
	if (names->n == MODULE_NAMES_MAX)
		return -E2BIG;
	names->name[names->n++] = name;
	return 0;
}

bool module_names_version_ok(const char *text)
{
	if (!*text || *text == '.' || *text == '-')
		return false;
	for (; *text; text++)
		if (*text <= ' ' || *text > '~' || *text == '/')
			return false;
	return true;
}
