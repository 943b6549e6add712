#include "lib/statcache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/publish.h"

/*
 * The file: header, records sorted by dev and ino, SHA-256 of all before. In this machine's byte
 * order, which the magic number shows: the inode numbers in it mean nothing elsewhere.
 */
#define MAGIC UINT64_C(0x7866737463616331) /* "xfstcac1" */

struct header {
	uint64_t magic;
	uint64_t records;
};

struct record {
	struct statcache_key key;
	struct digest digest;
	uint32_t unused; /* zero: the file is compared and summed by its bytes */
};

#define SUM_BYTES 32
#define FILE_MAX \
	(sizeof(struct header) + sizeof(struct record) * (size_t)STATCACHE_RECORDS_MAX + SUM_BYTES)

_Static_assert(sizeof(struct record) == 40 + 52 + 4, "a record has no padding");

struct statcache {
	int64_t opened;   /* nanoseconds since 1970 */
	struct buf old;   /* the file as it was read */
	size_t known;     /* records in it */
	struct buf fresh; /* the file as save will write it */
	size_t n;
};

static const struct record *records(const struct statcache *cache)
{
	return (const struct record *)(cache->old.data + sizeof(struct header));
}

static int sum(const void *data, size_t n, uint8_t out[static SUM_BYTES])
{
	struct digester *digester;
	struct digest digest;
	int r = digester_new(DIGEST_SHA256, &digester);

	if (r < 0)
		return r;
	r = digester_begin(digester);
	if (r == 0)
		r = digester_add(digester, data, n);
	if (r == 0)
		r = digester_end(digester, &digest);
	if (r == 0)
		memcpy(out, digest.sha256, SUM_BYTES);
	digester_free(digester);
	return r;
}

static bool intact(const struct buf *file)
{
	struct header header;
	uint8_t is[SUM_BYTES];
	size_t body;

	if (file->size < sizeof(header) + SUM_BYTES)
		return false;
	memcpy(&header, file->data, sizeof(header));
	body = file->size - SUM_BYTES;
	return header.magic == MAGIC && header.records <= STATCACHE_RECORDS_MAX &&
	       body == sizeof(header) + header.records * sizeof(struct record) &&
	       sum(file->data, body, is) == 0 && memcmp(is, file->data + body, SUM_BYTES) == 0;
}

/* The file systems' clock: the coarse one, which stamps files and never runs ahead of the fine one.
 */
static int64_t file_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int statcache_open(int dir, const char *path, struct statcache **cache)
{
	/* What is not a regular file is no cache, and a fifo is not waited for. */
	AUTO_CLOSE int fd = openat(dir, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct statcache *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->opened = file_clock();
	if (fd < 0 || buf_read(&c->old, fd, FILE_MAX) < 0 || !intact(&c->old))
		buf_free(&c->old);
	else
		c->known = (c->old.size - sizeof(struct header)) / sizeof(struct record);
	*cache = c;
	return 0;
}

void statcache_free(struct statcache *cache)
{
	if (!cache)
		return;
	buf_free(&cache->old);
	buf_free(&cache->fresh);
	free(cache);
}

static int by_inode(const void *a, const void *b)
{
	const struct statcache_key *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return x->ino == y->ino ? 0 : x->ino < y->ino ? -1 : 1;
}

bool statcache_find(const struct statcache *cache, const struct statcache_key *key,
	unsigned int want, struct digest *digest)
{
	const struct record *r =
		cache->known ? bsearch(key, records(cache), cache->known, sizeof(*r), by_inode)
			     : NULL;

	if (!r || memcmp(&r->key, key, sizeof(*key)) != 0 || (want & ~r->digest.has) != 0)
		return false;
	*digest = r->digest;
	return true;
}

int statcache_add(
	struct statcache *cache, const struct statcache_key *key, const struct digest *digest)
{
	const struct record record = { .key = *key, .digest = *digest };
	const struct header header = { 0 };

	/* Nobody asks any more. */
	buf_free(&cache->old);
	cache->known = 0;
	if (key->mtime >= cache->opened || key->ctime >= cache->opened ||
		cache->n == STATCACHE_RECORDS_MAX)
		return 0;
	if (cache->n++ == 0)
		buf_add(&cache->fresh, &header, sizeof(header));
	buf_add(&cache->fresh, &record, sizeof(record));
	return cache->fresh.failed ? -ENOMEM : 0;
}

int statcache_save(struct statcache *cache, int dir, const char *path)
{
	const struct header header = { MAGIC, cache->n };
	struct buf *file = &cache->fresh;
	uint8_t check[SUM_BYTES];
	int r;

	if (cache->n == 0)
		buf_add(file, &header, sizeof(header));
	if (file->failed)
		return -ENOMEM;
	memcpy(file->data, &header, sizeof(header));
	r = sum(file->data, file->size, check);
	if (r < 0)
		return r;
	buf_add(file, check, sizeof(check));
	return file->failed ? -ENOMEM : publish_file(dir, path, 0600, file->data, file->size);
}
