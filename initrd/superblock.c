#include "initrd/superblock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/hex.h"

static uint32_t le32(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static unsigned int le16(const uint8_t *p)
{
	return p[0] | p[1] << 8;
}

/* order: where each byte of the text stands; GPT keeps the first three fields little-endian. */
static void uuid_text(
	const uint8_t *u, const uint8_t order[static 16], char text[static SUPERBLOCK_UUID_TEXT])
{
	uint8_t ordered[16];

	for (unsigned int i = 0; i < 16; i++)
		ordered[i] = u[order[i]];
	hex_uuid(text, ordered);
}

static const uint8_t order_plain[16] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
static const uint8_t order_guid[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };

static void set_names(struct superblock *sb, const uint8_t *uuid, const uint8_t *label, size_t size)
{
	uuid_text(uuid, order_plain, sb->uuid);
	memcpy(sb->label, label, size);
	sb->label[size] = '\0';
}

/*
 * struct ext4_super_block, at 1024. What e2fsck -p looks at before it says "clean": the state, the
 * journal, and the counts and days after which it checks anyway, which tune2fs can set.
 */
static bool parse_ext4(const uint8_t *bytes, struct superblock *sb)
{
	const uint8_t *s = bytes + 1024;
	enum { VALID = 1, ERROR = 2, NEEDS_RECOVERY = 4 };
	unsigned int state = le16(s + 0x3a), mounts = le16(s + 0x34), max_mounts = le16(s + 0x36);

	if (le16(s + 0x38) != 0xef53)
		return false;
	sb->type = "ext4";
	set_names(sb, s + 0x68, s + 0x78, 16);
	sb->clean = (state & (VALID | ERROR)) == VALID && !(le32(s + 0x60) & NEEDS_RECOVERY) &&
		    (max_mounts == 0 || max_mounts == 0xffff || mounts < max_mounts) &&
		    le32(s + 0x44) == 0;
	return true;
}

/* struct xfs_dsb, at 0; the kernel recovers the log, fsck.xfs does nothing. */
static bool parse_xfs(const uint8_t *bytes, struct superblock *sb)
{
	if (memcmp(bytes, "XFSB", 4) != 0)
		return false;
	sb->type = "xfs";
	set_names(sb, bytes + 32, bytes + 108, 12);
	sb->clean = true;
	return true;
}

/* struct btrfs_super_block, at 64 KiB; the kernel replays the log, fsck.btrfs does nothing. */
static bool parse_btrfs(const uint8_t *bytes, struct superblock *sb)
{
	const uint8_t *s = bytes + 64 * 1024;

	if (memcmp(s + 0x40, "_BHRfS_M", 8) != 0)
		return false;
	sb->type = "btrfs";
	set_names(sb, s + 0x20, s + 0x12b, 256);
	sb->clean = true;
	return true;
}

int superblock_parse(const uint8_t *bytes, size_t length, struct superblock *sb)
{
	if (length >= 2048 && (parse_ext4(bytes, sb) || parse_xfs(bytes, sb)))
		return 0;
	if (length >= SUPERBLOCK_BYTES && parse_btrfs(bytes, sb))
		return 0;
	return -ENODATA;
}

static int gpt_uuid(const uint8_t *disk, size_t length, unsigned int sector, unsigned int number,
	char uuid[static SUPERBLOCK_UUID_TEXT])
{
	const uint8_t *header = disk + sector;
	uint64_t offset, entries_lba, entry_size;

	entries_lba = le32(header + 72) | (uint64_t)le32(header + 76) << 32;
	entry_size = le32(header + 84);
	if (number > le32(header + 80) || entry_size < 128 || entries_lba > length / sector)
		return -ENODATA;
	offset = entries_lba * sector + entry_size * (number - 1);
	if (offset > length || length - offset < 128)
		return -ENODATA;
	uuid_text(disk + offset + 16, order_guid, uuid);
	return 0;
}

int superblock_partition_uuid(const uint8_t *disk, size_t length, unsigned int sector,
	unsigned int number, char uuid[static SUPERBLOCK_UUID_TEXT])
{
	if (number < 1 || sector < 512 || length < 2 * (size_t)sector)
		return -ENODATA;
	if (memcmp(disk + sector, "EFI PART", 8) == 0)
		return gpt_uuid(disk, length, sector, number, uuid);
	if (le16(disk + 510) != 0xaa55 || le32(disk + 440) == 0)
		return -ENODATA;
	snprintf(uuid, SUPERBLOCK_UUID_TEXT, "%08x-%02x", le32(disk + 440), number);
	return 0;
}
