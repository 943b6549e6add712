#include "lib/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <unistd.h>

/* Large enough that system calls cost nothing beside hashing, small enough for the L2 cache. */
#define CHUNK (128 * 1024)

struct digester {
	unsigned int which;
	EVP_MD_CTX *sha256, *md5; /* NULL: not asked for */
	EVP_MD *sha256_md, *md5_md;
	unsigned char chunk[CHUNK];
};

static int algorithm(const char *name, EVP_MD **md, EVP_MD_CTX **context)
{
	*md = EVP_MD_fetch(NULL, name, NULL);
	if (!*md)
		return -ENOTSUP;
	*context = EVP_MD_CTX_new();
	return *context ? 0 : -ENOMEM;
}

int digester_new(unsigned int which, struct digester **digester)
{
	struct digester *d = calloc(1, sizeof(*d));
	int r = 0;

	if (!d)
		return -ENOMEM;
	d->which = which;
	if (which & DIGEST_SHA256)
		r = algorithm("SHA256", &d->sha256_md, &d->sha256);
	if (r == 0 && which & DIGEST_MD5)
		r = algorithm("MD5", &d->md5_md, &d->md5);
	if (r < 0) {
		digester_free(d);
		return r;
	}
	*digester = d;
	return 0;
}

void digester_free(struct digester *digester)
{
	if (!digester)
		return;
	EVP_MD_CTX_free(digester->sha256);
	EVP_MD_CTX_free(digester->md5);
	EVP_MD_free(digester->sha256_md);
	EVP_MD_free(digester->md5_md);
	free(digester);
}

int digester_begin(struct digester *d)
{
	if (d->sha256 && !EVP_DigestInit_ex2(d->sha256, d->sha256_md, NULL))
		return -EIO;
	if (d->md5 && !EVP_DigestInit_ex2(d->md5, d->md5_md, NULL))
		return -EIO;
	return 0;
}

int digester_add(struct digester *d, const void *data, size_t n)
{
	if (d->sha256 && !EVP_DigestUpdate(d->sha256, data, n))
		return -EIO;
	if (d->md5 && !EVP_DigestUpdate(d->md5, data, n))
		return -EIO;
	return 0;
}

int digester_end(struct digester *d, struct digest *digest)
{
	if (d->sha256 && !EVP_DigestFinal_ex(d->sha256, digest->sha256, NULL))
		return -EIO;
	if (d->md5 && !EVP_DigestFinal_ex(d->md5, digest->md5, NULL))
		return -EIO;
	digest->has = d->which;
	return 0;
}

int digester_fd(struct digester *d, int fd, struct digest *digest, uint64_t *size)
{
	ssize_t n;
	int r = digester_begin(d);

	*size = 0;
	while (r == 0) {
		n = read(fd, d->chunk, sizeof(d->chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return digester_end(d, digest);
		*size += (uint64_t)n;
		r = digester_add(d, d->chunk, (size_t)n);
	}
	return r;
}

int digest_bytes(const void *data, size_t n, unsigned int which, struct digest *digest)
{
	struct digester *d;
	int r = digester_new(which, &d);

	if (r < 0)
		return r;
	r = digester_begin(d);
	if (r == 0)
		r = digester_add(d, data, n);
	if (r == 0)
		r = digester_end(d, digest);
	digester_free(d);
	return r;
}
