/*
 * Digests of files that were read before, by what statx(2) says of them (docs/formats.md, "stat
 * cache").
 *
 * A file changed within the clock tick in which it was read keeps its times, so its entry would lie
 * for ever
 * ("racily clean", as in git's index). So nothing is kept whose mtime or ctime is not older than
 * the moment when the scan began. Only for file systems whose clock is this machine's: not for NFS
 * mounts.
 */
#ifndef LIB_STATCACHE_H
#define LIB_STATCACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/digest.h"

#define STATCACHE_RECORDS_MAX (1u << 24)

/* Times are in nanoseconds since 1970. */
struct statcache_key {
	uint64_t dev, ino, size;
	int64_t mtime, ctime;
};

struct statcache;

/*
 * Read the file path; a missing, foreign or damaged one gives an empty cache. Call it before the
 * scan: it takes the time. Returns 0 and *cache, or -ENOMEM.
 */
int statcache_open(int dir, const char *path, struct statcache **cache);
void statcache_free(struct statcache *cache);

/* True, and *digest, if all the DIGEST_* bits asked for are known. Fit for several threads at once.
 */
bool statcache_find(const struct statcache *cache, const struct statcache_key *key,
	unsigned int want, struct digest *digest);

/*
 * For the file written by statcache_save(), in the order of dev and ino (one out of order may not
 * be found); dropped silently if it could be racily clean. From then on nothing is found. 0 or
 * -ENOMEM.
 */
int statcache_add(
	struct statcache *cache, const struct statcache_key *key, const struct digest *digest);

/* Publish what was added since statcache_open(), mode 0600: files that are gone are forgotten.
 * Once. 0 or -errno. */
int statcache_save(struct statcache *cache, int dir, const char *path);

#endif
