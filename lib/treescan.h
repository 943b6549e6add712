/*
 * A tree as a manifest: one walk for names and metadata, then digests by several threads.
 *
 * Owner names come from the tree's own etc/passwd and etc/group and from nowhere else: the machine
 * that scans has other accounts. No link is followed, and no device, fifo or socket is opened. File
 * systems that are mounted inside are recognised. /proc is required (for attributes of files that
 * cannot be opened).
 */
#ifndef LIB_TREESCAN_H
#define LIB_TREESCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "lib/manifest/manifest.h"
#include "lib/statcache.h"

#define TREESCAN_RETRIES 3 /* readings of a file that changes while it is read */

struct treescan_options {
	unsigned int digests;    /* DIGEST_* bits; 0: names and metadata only */
	unsigned int threads;    /* for hashing; 0: one for each processor */
	bool one_file_system;    /* list mount points, do not enter them */
	struct statcache *cache; /* may be NULL */

	/* All may be NULL; arg is for all of them. */
	void *arg;
	/*
	 * Instead of a walk of its own, for a tree that nobody changes: the next name that the
	 * caller has walked and what lstat(2) said of it, a directory before what is in it; false:
	 * there are no more. *path lives as long as the scan. Nothing is absent then: what
	 * vanished, or became another file, has the error EBUSY. mount, exclude and shallow are not
	 * asked.
	 */
	bool (*walked)(const char **path, struct stat *st, void *arg);
	/*
	 * With one_file_system, of each directory but the root: may it be entered? mounted: it is a
	 * mount point, and then the answer 1 makes a volume of it. 0: it is listed only; -errno:
	 * the same, with that error.
	 */
	int (*mount)(const char *path, bool mounted, void *arg);
	/* Leave path out, and all below it. */
	bool (*exclude)(const char *path, enum manifest_type type, void *arg);
	/* List path as a name only: neither read nor entered, and unread in the list. */
	bool (*shallow)(const char *path, enum manifest_type type, void *arg);
	/*
	 * The digests asked for are known without reading: return true and fill in *digest. Asked
	 * before the cache, from several threads. (A publisher knows hard links into a generation
	 * that never changes.)
	 */
	bool (*known)(const char *path, const struct statcache_key *key, struct digest *digest,
		void *arg);
	/* After each file, from one thread at a time. */
	void (*progress)(uint64_t files, uint64_t bytes, void *arg);
};

/*
 * Scan what root, a directory's fd, holds. Returns 0 and *manifest (sorted, groups numbered, head
 * unset), or -errno when nothing could be listed at all (-ENOTSUP: /proc is not mounted). A path
 * that could not be read is in the list with its error set, so that it is never mistaken for
 * absent; *errors counts these. A path that is removed during the scan is absent. A file that keeps
 * changing has the error EBUSY.
 */
int treescan(int root, const struct treescan_options *options, struct manifest **manifest,
	unsigned long *errors);

#endif
