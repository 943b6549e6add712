/* Is a generation's tree what its manifest says? Errors are printed here. */
#ifndef FARM_VERIFY_H
#define FARM_VERIFY_H

#include "farm/share/store.h"

/* path differs from the manifest; how: a text to print, valid during the call. */
typedef void verify_differs_fn(const char *path, const char *how, void *arg);

/*
 * Compare the writeable part of the directory tree (an fd) with the manifest of a generation, which
 * has to be signed by key, and whose layout has to be the one that it names. Reads all files.
 * Returns 0, whatever differs; or -errno after a message: it could not be compared.
 */
int verify_tree(const struct share_store *share, uint32_t generation, int tree,
	const struct signature_key *key, verify_differs_fn *differs, void *arg);

#endif
