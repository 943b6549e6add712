/* The file systems in a disk image, found by libblkid, without mounting anything. */
#ifndef FARM_DISK_IMAGE_H
#define FARM_DISK_IMAGE_H

#include <stdint.h>

#define DISK_IMAGE_PARTITIONS_MAX 128

struct disk_image_part {
	uint32_t number;       /* of the partition; 0: the image has none */
	uint64_t offset, size; /* bytes */
	char type[32];         /* of the file system, as mount(8) names it */
};

struct disk_image {
	unsigned int n;
	struct disk_image_part part[DISK_IMAGE_PARTITIONS_MAX]; /* those with a file system */
};

/* Probe a raw image, or a device. Returns 0 or -errno. */
int disk_image_probe(int fd, struct disk_image *image);

#endif
