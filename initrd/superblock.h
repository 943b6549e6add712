/*
 * What the first bytes of a block device say: file system, UUID, label, and whether it was left
 * clean; and which partition of a table has which PARTUUID. Pure functions, so that the host tests
 * them.
 */
#ifndef INITRD_SUPERBLOCK_H
#define INITRD_SUPERBLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/hex.h"

#define SUPERBLOCK_BYTES \
	(64 * 1024 + 4096) /* enough of the device for every file system known here */
#define SUPERBLOCK_UUID_TEXT HEX_UUID_SIZE

struct superblock {
	const char *type; /* "ext4", "xfs", "btrfs", as mount takes it */
	char uuid[SUPERBLOCK_UUID_TEXT];
	char label[257];
	bool clean; /* nothing for fsck to do; always true where the kernel recovers the log itself
		     */
};

/* Returns 0, or -ENODATA for an unknown file system. */
int superblock_parse(const uint8_t *bytes, size_t length, struct superblock *sb);

/*
 * PARTUUID of partition number (from 1) from the disk's first bytes: GPT (UEFI 5.3) or MBR (disk
 * signature and number, as the kernel makes it). sector is the disk's logical block size in bytes.
 * Returns 0, or -ENODATA.
 */
int superblock_partition_uuid(const uint8_t *disk, size_t length, unsigned int sector,
	unsigned int number, char uuid[static SUPERBLOCK_UUID_TEXT]);

#endif
