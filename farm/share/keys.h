/*
 * The keys of a share: etc/keys (lib/keychain.h) says which one signs. While etc/rekey is there,
 * some manifests may still be signed by the one before. What fails here says so itself.
 */
#ifndef FARM_KEYS_H
#define FARM_KEYS_H

#include "farm/share/store.h"
#include "lib/keychain.h"

/* Make the pair path, path.pub, unless a private key is there already. Returns 0 or -errno. */
int keys_make(const char *path);

/* Write etc/keys. Returns 0 or -errno. */
int keys_write(const struct share_store *share, const struct keychain *chain);

/*
 * Read etc/keys. A share of an earlier version has none: then the chain is of this key alone, if
 * the current generation is signed by it. Returns 0 or -errno.
 */
int keys_read(
	const struct share_store *share, const struct signature_key *key, struct keychain *chain);

/* With the lock, before something is signed by the private key: it has to be the share's. What an
 * interrupted rekey left is completed. Returns 0 or -errno. */
int keys_settle(const struct share_store *share, const struct signature_key *key);

/* Is that the key, of which either half is given, that the share's manifests are checked by? */
int keys_check(const struct share_store *share, const struct signature_key *key);

/* With the lock: the chain, which ends with the private key new, becomes the share's, and all its
 * manifests are signed by that. Survives an interruption. Returns 0 or -errno. */
int keys_change(const struct share_store *share, const struct keychain *chain,
	const struct signature_key *new);

#endif
