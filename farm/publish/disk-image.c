#include "farm/publish/disk-image.h"

#include <blkid/blkid.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/array.h"

/* Types that libblkid finds in partitions, and that are not the file system of a root. */
static bool is_no_root(const char *type)
{
	static const char *const others[] = { "swap", "vfat", "LVM2_member", "crypto_LUKS",
		"linux_raid_member" };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcmp(type, others[i]) == 0)
			return true;
	return false;
}

static void add_part(
	int fd, uint32_t number, uint64_t offset, uint64_t size, struct disk_image *image)
{
	blkid_probe probe = blkid_new_probe();
	const char *type;

	if (probe && image->n < DISK_IMAGE_PARTITIONS_MAX &&
		blkid_probe_set_device(probe, fd, (blkid_loff_t)offset, (blkid_loff_t)size) == 0 &&
		blkid_probe_enable_superblocks(probe, 1) == 0 &&
		blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE) == 0 &&
		blkid_do_safeprobe(probe) == 0 &&
		blkid_probe_lookup_value(probe, "TYPE", &type, NULL) == 0 && !is_no_root(type)) {
		struct disk_image_part *part = &image->part[image->n++];

		*part = (struct disk_image_part){ number, offset, size };
		snprintf(part->type, sizeof(part->type), "%s", type);
	}
	blkid_free_probe(probe);
}

/* Returns the number of partitions, with a file system or without. */
static int add_partitions(blkid_probe probe, int fd, struct disk_image *image)
{
	blkid_partlist list = blkid_probe_get_partitions(probe);
	int n = list ? blkid_partlist_numof_partitions(list) : 0;

	for (int i = 0; i < n; i++) {
		blkid_partition p = blkid_partlist_get_partition(list, i);

		add_part(fd, (uint32_t)blkid_partition_get_partno(p),
			512 * (uint64_t)blkid_partition_get_start(p),
			512 * (uint64_t)blkid_partition_get_size(p), image);
	}
	return n;
}

int disk_image_probe(int fd, struct disk_image *image)
{
	blkid_probe probe = blkid_new_probe();

	*image = (struct disk_image){ 0 };
	if (!probe)
		return -ENOMEM;
	if (blkid_probe_set_device(probe, fd, 0, 0) < 0) {
		blkid_free_probe(probe);
		return -EIO;
	}
	if (add_partitions(probe, fd, image) == 0)
		add_part(fd, 0, 0, (uint64_t)blkid_probe_get_size(probe), image);
	blkid_free_probe(probe);
	return 0;
}
