/*
 * Ed25519 signatures (RFC 8032) of whole files, kept beside them in FILE.sig: the 64 bytes and
 * nothing else. Keys are PEM: PKCS #8 for the private, SubjectPublicKeyInfo for the public one
 * (RFC 8410). signature_verify() gives the result of
 *
 *	openssl pkeyutl -verify -rawin -pubin -inkey KEY.pub -in FILE -sigfile FILE.sig
 */
#ifndef LIB_SIGNATURE_H
#define LIB_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

#define SIGNATURE_BYTES        64
#define SIGNATURE_PUBLIC_BYTES 32
#define SIGNATURE_SUFFIX       ".sig"

struct signature_key;

/*
 * Make a pair of keys: the private one in path, mode 0600, the public one in path.pub, mode 0644.
 * Neither may exist. Returns 0, -EEXIST, -EIO if OpenSSL fails, or the -errno of writing.
 */
int signature_keygen(const char *path);

/*
 * Read a key. Returns 0 and *key, to be freed by the caller; -EINVAL if the file holds no such key
 * (wrong kind, encrypted, not PEM); or the -errno of reading.
 */
int signature_read_private(const char *path, struct signature_key **key);
int signature_read_public(const char *path, struct signature_key **key);
void signature_key_free(struct signature_key *key);

/* The public half as the 32 bytes of RFC 8032, of either half; and a key of these, or NULL. */
void signature_public(
	const struct signature_key *key, uint8_t bytes[static SIGNATURE_PUBLIC_BYTES]);
struct signature_key *signature_from_public(const uint8_t bytes[static SIGNATURE_PUBLIC_BYTES]);

/* The public half as signature_read_public() reads it, appended to *out. Returns 0, -EIO or
 * -ENOMEM. */
int signature_public_pem(const struct signature_key *key, struct buf *out);

/* Returns 0, or -EIO if OpenSSL fails. key is a private one. */
int signature_sign(const struct signature_key *key, const void *data, size_t n,
	uint8_t signature[static SIGNATURE_BYTES]);

/* Returns 0, or -EBADMSG if this is not the key's signature of the data. key may be
 * either half. */
int signature_verify(const struct signature_key *key, const void *data, size_t n,
	const uint8_t signature[static SIGNATURE_BYTES]);

#endif
