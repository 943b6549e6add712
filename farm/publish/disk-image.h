/* What a disk image holds, found by libblkid without mounting anything. */
#ifndef FARM_IMAGE_H
#define FARM_IMAGE_H

#include <stdint.h>

#define IMAGE_PARTITIONS_MAX 128

struct image_part {
	uint32_t number;       /* of the partition; 0: the image has none */
	uint64_t offset, size; /* bytes */
	char type[32];         /* of the file system, as mount(8) names it */
};

struct image {
	unsigned int n;
	struct image_part part[IMAGE_PARTITIONS_MAX]; /* those with a file system to mount */
};

/* Look at a raw image, or a device. Returns 0 or -errno. */
int image_probe(int fd, struct image *image);

#endif
