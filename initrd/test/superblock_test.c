/* Against file systems and partition tables that the system's own tools make, on plain files. */
#include "initrd/superblock.h"
#include "lib/test/tap.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#define UUID "0b29cd3e-6a4b-4c56-9d0f-5a0e4b1c7f11"

static char image[] = "/tmp/superblock.XXXXXX";
static uint8_t bytes[SUPERBLOCK_BYTES];

/* Returns the bytes read after the command made its image, 0 if there is no such tool here. */
static size_t make(const char *size, const char *fmt, ...)
{
	char command[512], full[640];
	va_list args;
	ssize_t n = 0;
	int fd;

	va_start(args, fmt);
	vsnprintf(command, sizeof(command), fmt, args);
	va_end(args);
	snprintf(full, sizeof(full),
		"PATH=$PATH:/sbin:/usr/sbin; truncate -s 0 %s; truncate -s %s %s; (%s) >/dev/null "
		"2>&1",
		image, size, image, command);
	if (system(full) != 0)
		return 0;
	fd = open(image, O_RDONLY);
	if (fd >= 0) {
		n = read(fd, bytes, sizeof(bytes));
		close(fd);
	}
	return n > 0 ? n : 0;
}

static void check_made(size_t n, const char *type, const char *label, bool clean, const char *name)
{
	struct superblock sb;

	if (!n) {
		tap_skip(name, "the tool that makes it is not here");
		return;
	}
	CHECK(superblock_parse(bytes, n, &sb) == 0 && !strcmp(sb.type, type), name);
	CHECK_STR(sb.uuid, UUID, "its UUID");
	CHECK_STR(sb.label, label, "its label");
	CHECK(sb.clean == clean, clean ? "clean" : "not clean");
}

static void test_file_systems(void)
{
	check_made(make("16M", "mkfs.ext4 -q -U " UUID " -L xf-root %s", image), "ext4", "xf-root",
		true, "ext4");
	check_made(make("16M",
			   "mkfs.ext4 -q -U " UUID
			   " -L sixteen-bytes-xx %s && debugfs -w -R 'ssv state 0' %s",
			   image, image),
		"ext4", "sixteen-bytes-xx", false, "ext4 that was not unmounted");
	check_made(make("16M",
			   "mkfs.ext4 -q -U " UUID
			   " -L j %s && debugfs -w -R 'feature +needs_recovery' %s",
			   image, image),
		"ext4", "j", false, "ext4 with a journal to replay");
	check_made(make("16M", "mkfs.ext4 -q -U " UUID " -L e %s && debugfs -w -R 'ssv state 3' %s",
			   image, image),
		"ext4", "e", false, "ext4 with errors noted");
	check_made(make("16M", "mkfs.ext4 -q -U " UUID " -L c %s && tune2fs -c 1 -C 2 %s", image,
			   image),
		"ext4", "c", false, "ext4 that wants a check by its mount count");
	check_made(make("320M", "mkfs.xfs -q -f -m uuid=" UUID " -L xfs-root %s", image), "xfs",
		"xfs-root", true, "xfs");
	check_made(make("128M", "mkfs.btrfs -q -f -U " UUID " -L 'a label' %s", image), "btrfs",
		"a label", true, "btrfs");
}

static void check_part(size_t n, unsigned int number, const char *want, const char *name)
{
	char uuid[SUPERBLOCK_UUID_TEXT] = "none";

	if (!n) {
		tap_skip(name, "no sfdisk here");
		return;
	}
	superblock_partition_uuid(bytes, n, 512, number, uuid);
	CHECK_STR(uuid, want, name);
}

static void test_tables(void)
{
	size_t n = make("16M",
		"printf 'label: gpt\\nsize=1M\\nsize=2M, uuid=" UUID "\\n' | sfdisk %s", image);

	check_part(n, 2, UUID, "PARTUUID by GPT");
	check_part(n, 0, "none", "partition 0 is none");
	check_part(n, 129, "none", "a number beyond the GPT");
	n = make("16M",
		"printf 'label: dos\\nlabel-id: 0xdeadbeef\\nsize=1M\\nsize=2M\\n' | sfdisk %s",
		image);
	check_part(n, 2, "deadbeef-02", "PARTUUID by MBR");
}

static void test_hostile(void)
{
	struct superblock sb;
	char uuid[SUPERBLOCK_UUID_TEXT];

	memset(bytes, 0, sizeof(bytes));
	CHECK(superblock_parse(bytes, sizeof(bytes), &sb) < 0, "zeros are no file system");
	memset(bytes, 0xff, sizeof(bytes));
	CHECK(superblock_parse(bytes, sizeof(bytes), &sb) < 0, "nor are ones");
	CHECK(superblock_parse(bytes, 100, &sb) < 0, "nor is a short read");
	/* A GPT header whose numbers lead far outside of what was read. */
	memcpy(bytes + 512, "EFI PART", 8);
	CHECK(superblock_partition_uuid(bytes, sizeof(bytes), 512, 1, uuid) < 0,
		"a GPT that points outside");
	CHECK(superblock_partition_uuid(bytes, 100, 512, 1, uuid) < 0, "a disk of 100 bytes");
	CHECK(superblock_partition_uuid(bytes, sizeof(bytes), 0, 1, uuid) < 0,
		"a disk without a sector size");
}

int main(void)
{
	int fd = mkstemp(image);

	if (fd < 0)
		return 1;
	close(fd);
	test_file_systems();
	test_tables();
	test_hostile();
	unlink(image);
	return tap_done();
}
