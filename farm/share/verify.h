/* Is a generation's tree what its manifest says? Errors are printed here. */
#ifndef FARM_VERIFY_H
#define FARM_VERIFY_H

#include <stdbool.h>

#include "farm/share/store.h"
#include "farm/share/treelist.h"
#include "lib/statcache.h"

/* path differs from the manifest; how: a text to print, valid during the call. */
typedef void verify_differs_fn(const char *path, const char *how, void *arg);

/*
 * The digests of a file that is a hard link to the one of that path in a generation, whose tree and
 * manifest are given: its files never change. False: it is not. Several threads may ask.
 */
bool verify_known(const struct treelist *tree, const struct manifest *manifest, const char *path,
	const struct statcache_key *key, struct digest *digest);

/*
 * Compare the writeable part of the directory tree (an fd) with the manifest of a generation, which
 * has to be signed by key, and whose layout has to be the one that it names; and to which its
 * delta, if it has one, has to lead. Reads all files, but for those that are links into the
 * generation `base` (0: none), which was verified before. Returns 0, whatever differs; or -errno
 * after a message: it could not be compared.
 */
int verify_tree(const struct share_store *share, uint32_t generation, int tree, uint32_t base,
	const struct signature_key *key, verify_differs_fn *differs, void *arg);

#endif
