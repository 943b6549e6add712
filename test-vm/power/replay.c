/*
 * What a disk holds after a power cut, from the log that QEMU's blklogwrites driver made of all
 *that was written to it (the format of Linux's dm-log-writes,
 *Documentation/admin-guide/device-mapper/ log-writes.rst).
 *
 *	replay LOG              prints how many times the disk was told to flush its cache
 *	replay LOG DISK N       brings DISK, a copy of the disk as it was, to the Nth flush, of 0 …
 *	replay LOG DISK N SEED  and on: some of the writes up to the next flush, as SEED chooses, in
 *any order; a disk without power has kept just these
 *
 * Exit status: 0, 1 with a message.
 */
#include <endian.h>
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAGIC     UINT64_C(0x6a736677736872)
#define SECTOR    512
#define WRITE_MAX (64u << 20) /* bytes of one write */
#define EPOCH_MAX 65536       /* writes between two flushes */

enum { FLUSH = 1, FUA = 2, DISCARD = 4, MARK = 8 };

struct super {
	uint64_t magic, version, entries;
	uint32_t sector;
} __attribute__((packed));

struct entry {
	uint64_t sector, sectors, flags, text;
};

/* A write whose data is at this offset of the log. */
struct writing {
	uint64_t at, sector, sectors;
};

static void read_at(int fd, void *to, size_t n, uint64_t at)
{
	if (pread(fd, to, n, (off_t)at) != (ssize_t)n)
		err(1, "the log ends early");
}

static void replay(int log, int disk, const struct writing *w)
{
	size_t n = w->sectors * SECTOR;
	char *data = malloc(n ? n : 1);

	if (!data || n > WRITE_MAX)
		errx(1, "a write of %zu bytes", n);
	read_at(log, data, n, w->at);
	if (pwrite(disk, data, n, (off_t)(w->sector * SECTOR)) != (ssize_t)n)
		err(1, "the disk");
	free(data);
}

/* Half of them, in an order of their own. */
static void replay_some(int log, int disk, struct writing *w, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t j = i + (size_t)random() % (n - i);
		struct writing picked = w[j];

		w[j] = w[i];
		w[i] = picked;
		if (random() & 1)
			replay(log, disk, &picked);
	}
}

int main(int argc, char **argv)
{
	static struct writing epoch[EPOCH_MAX];
	int log = argc > 1 ? open(argv[1], O_RDONLY) : -1;
	int disk = argc > 2 ? open(argv[2], O_WRONLY) : -1;
	unsigned long wanted = argc > 3 ? strtoul(argv[3], NULL, 10) : 0, flushes = 0;
	size_t n = 0;
	struct super super;
	uint64_t at = SECTOR;

	if (log < 0 || (argc > 2 && disk < 0) || argc == 3)
		err(2, "usage: replay LOG [DISK N [SEED]]");
	read_at(log, &super, sizeof(super), 0);
	if (le64toh(super.magic) != MAGIC || le64toh(super.version) != 1 ||
		le32toh(super.sector) != SECTOR)
		errx(1, "%s: not a log of writes in sectors of 512 bytes", argv[1]);
	for (uint64_t i = 0; i < le64toh(super.entries); i++) {
		struct entry e;

		read_at(log, &e, sizeof(e), at);
		at += SECTOR;
		if (le64toh(e.flags) & DISCARD)
			errx(1, "discards are not replayed");
		if (le64toh(e.sectors) && n < EPOCH_MAX)
			epoch[n++] = (struct writing){ at, le64toh(e.sector), le64toh(e.sectors) };
		at += le64toh(e.sectors) * SECTOR;
		if (!(le64toh(e.flags) & (FLUSH | FUA)))
			continue;
		if (n == EPOCH_MAX)
			errx(1, "too many writes without a flush");
		if (argc > 2 && flushes == wanted)
			break;
		for (size_t j = 0; disk >= 0 && j < n; j++)
			replay(log, disk, &epoch[j]);
		n = 0;
		flushes++;
	}
	if (argc == 2)
		return printf("%lu\n", flushes) < 0;
	if (flushes < wanted)
		errx(1, "there are %lu flushes", flushes);
	if (argc > 4) {
		srandom((unsigned int)strtoul(argv[4], NULL, 10));
		replay_some(log, disk, epoch, n);
	}
	return fsync(disk) < 0;
}
