/*
 * What differs between two lists (xenfarm-manifest(5), "Delta"): two lists again, of the paths that
 * differ only, as they were and as they are:
 *
 *	#mtree v2.0
 *	# xenfarm: generation=11 … entries=2
 *	. type=dir …
 *	./motd type=file … sha256digest=OLD
 *	#mtree v2.0
 *	# xenfarm: generation=12 … entries=2
 *	. type=dir …
 *	./motd type=file … sha256digest=NEW
 *
 * Each of them is a list by all rules of a manifest, so it also has the directories of its paths,
 * and all names of a hard-link group of which one differs. The heads are those of the two
 * manifests.
 */
#ifndef LIB_MANIFEST_MANIFEST_DELTA_H
#define LIB_MANIFEST_MANIFEST_DELTA_H

#include "lib/manifest/manifest.h"

struct manifest_delta {
	struct manifest *from, *to;
};

void manifest_delta_free(struct manifest_delta *delta);
#define AUTO_MANIFEST_DELTA __attribute__((cleanup(manifest_delta_free)))

/* Returns 0 and *delta, a copy of all that it has; or -ENOMEM. */
int manifest_delta_make(
	const struct manifest *from, const struct manifest *to, struct manifest_delta *delta);

/*
 * Make delta->to of a list that is delta->from; or, of a delta, one that leads as far as `then`.
 * Returns 0; -ESTALE: what is changed is not what the delta begins with; or -ENOMEM. After an error
 * the list, or the delta, can only be freed.
 */
int manifest_delta_apply(const struct manifest_delta *delta, struct manifest *list);
int manifest_delta_append(struct manifest_delta *delta, const struct manifest_delta *then);

/*
 * The file: as manifest_encode(), manifest_decode() and manifest_load(). A reader also refuses
 * lists that are not of two generations of one share, the older one first.
 */
int manifest_delta_encode(
	const struct manifest_delta *delta, struct buf *out, struct manifest_error *error);
int manifest_delta_decode(const void *data, size_t n, const struct signature_key *key,
	const void *signature, size_t n_signature, struct manifest_delta *delta,
	struct manifest_error *error);
int manifest_delta_load(int dir, const char *path, const struct signature_key *key,
	struct manifest_delta *delta, struct manifest_error *error);

#endif
