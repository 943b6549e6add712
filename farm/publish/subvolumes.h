/* The rest of a root on btrfs: SUSE has /var, /usr/local, /opt and others in subvolumes of their
 * own, which /etc/fstab mounts. */
#ifndef FARM_SUBVOLUMES_H
#define FARM_SUBVOLUMES_H

#include <stdbool.h>
#include <stddef.h>

struct subvolume {
	char directory[256]; /* below the root, without a slash before it */
	char name[256];      /* subvol= */
};

/*
 * What fstab(5), n bytes, has of the root's own file system besides the root; not snapshots. uuid:
 * of that file system. Returns how many there are, at most max. No I/O.
 */
size_t subvolumes_parse(
	const char *fstab, size_t n, const char *uuid, struct subvolume *out, size_t max);

/*
 * Mount them where the root is mounted: at path, which is open as root. Not where there is no such
 * directory. Returns 0, also if it is not on btrfs, or -errno after a message.
 */
int subvolumes_mount(const char *path, int root, bool writable);

#endif
