/*
 * The keys of a share, from the first to the one that signs now; each but the first with a
 * signature by the one before it, so that a client that trusts an older key can follow
 * (xenfarm-share(5)). At most KEYCHAIN_BYTES_MAX bytes of text:
 *
 *	# xenfarm keys 1
 *	share f81d4fae-7dec-41d0-a765-00a0c91e6bf6
 *	key BASE64 OF 32 BYTES
 *	next BASE64 OF 32 BYTES BASE64 OF 64 BYTES
 *
 * No I/O. keychain_parse() checks no signatures: keychain_follow() does.
 */
#ifndef LIB_KEYCHAIN_H
#define LIB_KEYCHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/manifest/manifest.h"
#include "lib/signature.h"

#define KEYCHAIN_BYTES_MAX 16384
#define KEYCHAIN_KEYS_MAX  64

struct keychain {
	char share[MANIFEST_UUID_MAX];
	size_t n;
	struct keychain_key {
		uint8_t public[SIGNATURE_PUBLIC_BYTES];
		uint8_t signature[SIGNATURE_BYTES]; /* not of the first */
	} key[KEYCHAIN_KEYS_MAX];
};

/* Returns 0, or -EINVAL: not such a text. */
int keychain_parse(const char *text, size_t n, struct keychain *chain);
void keychain_print(const struct keychain *chain, struct buf *out);

/* A chain of one key. */
void keychain_begin(struct keychain *chain, const char *share, const struct signature_key *key);

/*
 * Append a key, with a signature by old, the private half of the last one. Returns 0; -EPERM: old
 * is not the last one; -EEXIST: the new one is or was the share's already; -ENOSPC; or -EIO.
 */
int keychain_append(
	struct keychain *chain, const struct signature_key *old, const struct signature_key *new);

/* Is that the key that signs now? */
bool keychain_ends_with(const struct keychain *chain, const struct signature_key *key);

/* The i-th key, for the caller to free; NULL if OpenSSL fails. */
struct signature_key *keychain_key(const struct keychain *chain, size_t i);

/*
 * From a key that is trusted, over signatures that are checked, to the last one, which the caller
 * frees. Returns 0; -ENOENT: the trusted key is not in the chain; -EBADMSG: a signature is wrong;
 * -EIO.
 */
int keychain_follow(const struct keychain *chain, const struct signature_key *trusted,
	struct signature_key **last);

/* A key as messages show it: base64 of its 32 bytes. */
#define KEYCHAIN_NAME_MAX 48
void keychain_name(
	const uint8_t public[static SIGNATURE_PUBLIC_BYTES], char name[static KEYCHAIN_NAME_MAX]);

#endif
