/* One path of a tree as the scanner sees it. Used by the scanner only. */
#ifndef LIB_TREESCAN_ENTRY_H
#define LIB_TREESCAN_ENTRY_H

#include <limits.h>
#include <linux/limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "lib/ids.h"
#include "lib/manifest/manifest.h"
#include "lib/statcache.h"

/* Where the texts of the entry last examined live. */
struct treescan_examiner {
	struct ids *ids; /* for the names of owners; NULL: they get none */
	struct manifest_xattr xattr[MANIFEST_XATTRS_MAX];
	char link[MANIFEST_PATH_MAX + 2];
	char names[XATTR_LIST_MAX];
	struct buf values;
};

/*
 * Fill in *entry, all but path and digest, for name in directory (an fd; name "" is the directory
 * itself), and *key. What cannot be read sets entry->error. Texts are valid until the next call.
 * Returns 0, or -ENOENT if there is no such name.
 */
int treescan_examine(struct treescan_examiner *examiner, int directory, const char *name,
	struct manifest_entry *entry, struct statcache_key *key);

/* The same, of a name that lstat(2) has said *st of before. */
int treescan_examine_walked(struct treescan_examiner *examiner, int directory, const char *name,
	const struct stat *st, struct manifest_entry *entry, struct statcache_key *key);

/* The key of an open file. Returns 0 or -errno. */
int treescan_key(int fd, struct statcache_key *key);

#endif
