/* What manifests and deltas have in common: lists that follow each other in one text, a manifest
 * has one, a delta two. Used by the files of this directory only. */
#ifndef LIB_MANIFEST_MANIFEST_LISTS_H
#define LIB_MANIFEST_MANIFEST_LISTS_H

#include "lib/manifest/manifest.h"

/* Number the hard-link groups of a sorted list 1, 2, … by their first names, and count nlink. False
 * without memory. */
bool manifest_number(struct manifest *manifest);

/* As manifest_encode() and manifest_decode(), for so many lists. Of those that are decoded all are
 * set, or none is. */
int manifest_lists_encode(const struct manifest *const *list, size_t lists, struct buf *out,
	struct manifest_error *error);
int manifest_lists_decode(const void *data, size_t n, const struct signature_key *key,
	const void *signature, size_t n_signature, struct manifest **list, size_t lists,
	struct manifest_error *error);

/* The same from the file path, and path.sig if there is a key, as manifest_load(). */
int manifest_lists_load(int dir, const char *path, const struct signature_key *key,
	struct manifest **list, size_t lists, struct manifest_error *error);

#endif
