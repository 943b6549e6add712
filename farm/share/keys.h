/*
 * The keys of a share: the last one in etc/keys (lib/keychain.h) signs. While etc/rekey exists,
 * some manifests may still have signatures of the one before. Errors are printed here.
 */
#ifndef FARM_KEYS_H
#define FARM_KEYS_H

#include "farm/share/store.h"
#include "lib/keychain.h"

/* Make the key pair path and path.pub, unless path is a private key. Returns 0 or -errno. */
int keys_make(const char *path);

/* Write etc/keys. Returns 0 or -errno. */
int keys_write(const struct share_store *share, const struct keychain *chain);

/*
 * Read etc/keys. A share of an earlier version has none: then the chain has only this key, if the
 * current generation is signed by it. Returns 0 or -errno.
 */
int keys_read(
	const struct share_store *share, const struct signature_key *key, struct keychain *chain);

/* With the lock, before anything is signed: the private key has to be the share's. An interrupted
 * rekey is completed. Returns 0 or -errno. */
int keys_settle(const struct share_store *share, const struct signature_key *key);

/* Is key, of which either half is enough, the one that signs the share? Returns 0 or -errno. */
int keys_check(const struct share_store *share, const struct signature_key *key);

/* With the lock: the chain, which ends with the private key new, becomes the share's, and new signs
 * all its manifests again. After an interruption keys_settle() completes it. Returns 0 or -errno.
 */
int keys_change(const struct share_store *share, const struct keychain *chain,
	const struct signature_key *new);

#endif
