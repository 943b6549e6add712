/* SHA-256 and MD5 in one pass over the data, through OpenSSL's EVP. Only what is asked for is
 * computed. */
#ifndef LIB_DIGEST_H
#define LIB_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define DIGEST_SHA256 1u
#define DIGEST_MD5    2u

struct digest {
	unsigned int has; /* DIGEST_* bits: which of the two are valid */
	uint8_t sha256[32];
	uint8_t md5[16];
};

/* The state of a computation. It can be used for one file after another, by one thread. */
struct digester;

/* Returns 0, or -ENOMEM, or -ENOTSUP if OpenSSL lacks an algorithm (MD5 in a FIPS setup). */
int digester_new(unsigned int which, struct digester **digester);
void digester_free(struct digester *digester);

/* For data in pieces: begin, add …, end. They return 0, or -EIO if OpenSSL fails.
 */
int digester_begin(struct digester *digester);
int digester_add(struct digester *digester, const void *data, size_t n);
int digester_end(struct digester *digester, struct digest *digest);

/* Of bytes in memory. Returns 0, or the error of digester_new() or digester_add(). */
int digest_bytes(const void *data, size_t n, unsigned int which, struct digest *digest);

/*
 * The data from fd's offset to the end of the file. *size is the number of bytes read. Returns 0 or
 * the error of read(2). Does not close fd.
 */
int digester_fd(struct digester *digester, int fd, struct digest *digest, uint64_t *size);

#endif
