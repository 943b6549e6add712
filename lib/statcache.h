/*
 * Digests of files that were read before, by the result of statx(2) (docs/formats.md, "Stat
 * cache").
 *
 * A file that is changed within the clock tick in which it was read keeps its times, so its record
 * would be wrong from then on ("racily clean", as in git's index). Therefore a file is not recorded
 * unless its mtime and ctime are older than the moment when the scan began. Only for file systems
 * whose clock is this machine's: not for NFS mounts.
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
 * Read the file path; one that is missing, damaged or of another format gives an empty cache. Call
 * it before the scan, as it notes the time. Returns 0 and *cache, or -ENOMEM.
 */
int statcache_open(int dir, const char *path, struct statcache **cache);
void statcache_free(struct statcache *cache);

/* True, and *digest, if all the DIGEST_* bits asked for are known. Safe to call from
 * several threads. */
bool statcache_find(const struct statcache *cache, const struct statcache_key *key,
	unsigned int want, struct digest *digest);

/*
 * For the file written by statcache_save(), in the order of dev and ino (one out of order may not
 * be found); dropped silently if it could be racily clean. From then on nothing is found. 0 or
 * -ENOMEM.
 */
int statcache_add(
	struct statcache *cache, const struct statcache_key *key, const struct digest *digest);

/* Publish what was added since statcache_open(), mode 0600: files that no longer exist
 * are dropped. Call it once. Returns 0 or -errno. */
int statcache_save(struct statcache *cache, int dir, const char *path);

#endif
