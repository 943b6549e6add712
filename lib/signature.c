#include "lib/signature.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/io.h"

/* struct signature_key is OpenSSL's key under a name that keeps its headers out of ours. */
static EVP_PKEY *pkey(const struct signature_key *key)
{
	return (EVP_PKEY *)key;
}

typedef int pem_writer(BIO *bio, const EVP_PKEY *key);

static int write_private(BIO *bio, const EVP_PKEY *key)
{
	return PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
}

/* Create path, which must not exist, and write the key's PEM form into it. */
static int write_pem(const char *path, mode_t mode, pem_writer *writer, EVP_PKEY *key)
{
	AUTO_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long n;
	int r = -EIO;

	if (fd < 0)
		r = -errno;
	else if (bio && writer(bio, key) && (n = BIO_get_mem_data(bio, &text)) > 0)
		r = io_write(fd, text, (size_t)n);
	if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		r = -errno;
	if (r < 0 && fd >= 0)
		unlink(path);
	BIO_free(bio);
	return r;
}

/* A key that a share was made with is not lost in a power cut. */
static int sync_directory_of(const char *path)
{
	AUTO_FREE char *copy = strdup(path);
	AUTO_CLOSE int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int signature_keygen(const char *path)
{
	EVP_PKEY *key;
	AUTO_FREE char *public = NULL;
	int r;

	if (asprintf(&public, "%s.pub", path) < 0) {
		public = NULL;
		return -ENOMEM;
	}
	key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (!key)
		return -EIO;
	r = write_pem(path, 0600, write_private, key);
	if (r == 0) {
		r = write_pem(public, 0644, PEM_write_bio_PUBKEY, key);
		if (r < 0)
			unlink(path);
	}
	EVP_PKEY_free(key);
	return r < 0 ? r : sync_directory_of(path);
}

/* An encrypted key is refused rather than asked for on the terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *arg)
{
	(void)buffer, (void)size, (void)writing, (void)arg;
	return -1;
}

typedef EVP_PKEY *pem_reader(FILE *file, EVP_PKEY **key, pem_password_cb *callback, void *arg);

static int read_pem(const char *path, pem_reader *reader, struct signature_key **result)
{
	AUTO_FCLOSE FILE *file = fopen(path, "re");
	EVP_PKEY *key;

	if (!file)
		return -errno;
	key = reader(file, NULL, no_passphrase, NULL);
	if (!key)
		return ferror(file) ? -EIO : -EINVAL;
	if (!EVP_PKEY_is_a(key, "ED25519")) {
		EVP_PKEY_free(key);
		return -EINVAL;
	}
	*result = (struct signature_key *)key;
	return 0;
}

int signature_read_private(const char *path, struct signature_key **key)
{
	return read_pem(path, PEM_read_PrivateKey, key);
}

int signature_read_public(const char *path, struct signature_key **key)
{
	return read_pem(path, PEM_read_PUBKEY, key);
}

void signature_key_free(struct signature_key *key)
{
	EVP_PKEY_free(pkey(key));
}

void signature_public(const struct signature_key *key, uint8_t bytes[static SIGNATURE_PUBLIC_BYTES])
{
	size_t size = SIGNATURE_PUBLIC_BYTES;

	/* Of an Ed25519 key, and no other is ever made, this does not fail. */
	if (EVP_PKEY_get_raw_public_key(pkey(key), bytes, &size) != 1)
		abort();
}

struct signature_key *signature_from_public(const uint8_t bytes[static SIGNATURE_PUBLIC_BYTES])
{
	return (struct signature_key *)EVP_PKEY_new_raw_public_key(
		EVP_PKEY_ED25519, NULL, bytes, SIGNATURE_PUBLIC_BYTES);
}

int signature_public_pem(const struct signature_key *key, struct buf *out)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long n;
	int r = -EIO;

	if (bio && PEM_write_bio_PUBKEY(bio, pkey(key)) && (n = BIO_get_mem_data(bio, &text)) > 0) {
		buf_add(out, text, (size_t)n);
		r = out->failed ? -ENOMEM : 0;
	}
	BIO_free(bio);
	return r;
}

int signature_sign(const struct signature_key *key, const void *data, size_t n,
	uint8_t signature[static SIGNATURE_BYTES])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t size = SIGNATURE_BYTES;
	int good = context && EVP_DigestSignInit(context, NULL, NULL, NULL, pkey(key)) == 1 &&
		   EVP_DigestSign(context, signature, &size, data, n) == 1;

	EVP_MD_CTX_free(context);
	return good ? 0 : -EIO;
}

int signature_verify(const struct signature_key *key, const void *data, size_t n,
	const uint8_t signature[static SIGNATURE_BYTES])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int good = context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, pkey(key)) == 1 &&
		   EVP_DigestVerify(context, signature, SIGNATURE_BYTES, data, n) == 1;

	EVP_MD_CTX_free(context);
	return good ? 0 : -EBADMSG;
}
