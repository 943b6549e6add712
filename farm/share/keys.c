#include "farm/share/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "farm/output.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

#define CHAIN   "etc/keys"
#define PENDING "etc/rekey"

int keys_make(const char *path)
{
	struct signature_key *key;
	int r;

	if (access(path, F_OK) == 0) {
		r = signature_read_private(path, &key);
		if (r < 0)
			return -cli_error(
				EINVAL, "%s exists, but is not a private Ed25519 key", path);
		signature_key_free(key);
		output_line("%s: using the existing key", path);
		return 0;
	}
	r = signature_keygen(path);
	if (r < 0)
		return cli_error(r, "cannot make the key %s", path);
	output_line("%s: new private key; keep a copy in a safe place. %s.pub is for the clients.",
		path, path);
	return 0;
}

int keys_write(const struct share_store *share, const struct keychain *chain)
{
	AUTO_BUF struct buf text = { 0 };

	keychain_print(chain, &text);
	return text.failed ? cli_error(-ENOMEM, CHAIN)
			   : share_write(share, CHAIN, text.data, text.size);
}

int keys_read(
	const struct share_store *share, const struct signature_key *key, struct keychain *chain)
{
	AUTO_MANIFEST struct manifest *m = NULL;
	AUTO_BUF struct buf text = { 0 };
	int r = share_read(share, CHAIN, &text);

	if (r == 0 && (keychain_parse(text.data, text.size, chain) < 0 ||
			      strcmp(chain->share, share->uuid) != 0))
		return -cli_error(EBADMSG, "%s/" CHAIN " is damaged", share->path);
	if (r != -ENOENT)
		return r;
	keychain_begin(chain, share->uuid, key);
	return share->current ? share_manifest(share, share->current, key, &m) : 0;
}

static int refuse(const struct share_store *share, const struct keychain *chain,
	const struct signature_key *key)
{
	uint8_t public[SIGNATURE_PUBLIC_BYTES];
	char given[KEYCHAIN_NAME_MAX], known[KEYCHAIN_NAME_MAX];

	signature_public(key, public);
	keychain_name(public, given);
	keychain_name(chain->key[chain->n - 1].public, known);
	return -cli_error(EPERM,
		"the key of %s is %s, not %s, whose signatures its clients would refuse; to change "
		"the key, see `xenfarm share rekey`",
		share->path, known, given);
}

int keys_check(const struct share_store *share, const struct signature_key *key)
{
	struct keychain chain;
	int r = keys_read(share, key, &chain);

	if (r < 0)
		return r;
	return keychain_ends_with(&chain, key) ? 0 : refuse(share, &chain, key);
}

/* --- signing again --- */

static int load(const struct share_store *share, const char *path, const char *suffix, size_t limit,
	struct buf *out)
{
	char name[96];
	AUTO_CLOSE int fd = -1;
	int r;

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	fd = openat(share->dir, name, O_RDONLY | O_CLOEXEC);
	r = fd < 0 ? -errno : buf_read(out, fd, limit);
	return r < 0 ? cli_error(r, "%s/%s", share->path, name) : 0;
}

/* Is the signature one of an earlier key? */
static bool is_ours(
	const struct keychain *chain, const struct buf *data, const struct buf *signature)
{
	bool ours = false;

	for (size_t i = 0; i + 1 < chain->n && !ours; i++) {
		struct signature_key *key = keychain_key(chain, i);

		ours = key && signature_verify(key, data->data, data->size,
				      (const uint8_t *)signature->data) == 0;
		signature_key_free(key);
	}
	return ours;
}

/* A file in manifest/, of those that have a signature. */
static int sign_again(const struct share_store *share, const struct keychain *chain,
	const struct signature_key *key, const struct share_name *name)
{
	AUTO_BUF struct buf data = { 0 }, signature = { 0 };
	int r = load(share, name->text, "", MANIFEST_FILE_MAX, &data);

	if (r == 0)
		r = load(share, name->text, SIGNATURE_SUFFIX, SIGNATURE_BYTES, &signature);
	if (r < 0)
		return r;
	if (signature.size == SIGNATURE_BYTES &&
		signature_verify(key, data.data, data.size, (const uint8_t *)signature.data) == 0)
		return 0;
	if (signature.size != SIGNATURE_BYTES || !is_ours(chain, &data, &signature)) {
		cli_error(0, "%s/%s is not signed by a key of this share: not signed again",
			share->path, name->text);
		return 0;
	}
	r = manifest_sign(share->dir, name->text, &data, key);
	return r < 0 ? cli_error(r, "%s/%s" SIGNATURE_SUFFIX, share->path, name->text) : 0;
}

/* Not every generation has a delta. */
static int sign_generation_again(const struct share_store *share, const struct keychain *chain,
	const struct signature_key *key, uint32_t generation)
{
	const struct share_name delta = share_name("manifest", generation, ".delta.gz"),
				manifest = share_name("manifest", generation, ".mtree.gz");
	int r = 0;

	if (faccessat(share->dir, delta.text, F_OK, 0) == 0)
		r = sign_again(share, chain, key, &delta);
	return r == 0 ? sign_again(share, chain, key, &manifest) : r;
}

static int sign_all_again(const struct share_store *share, const struct keychain *chain,
	const struct signature_key *key)
{
	int r = 0;

	for (size_t i = 0; i < share->n && r == 0; i++)
		r = sign_generation_again(share, chain, key, share->generation[i]);
	if (r == 0 && unlinkat(share->dir, PENDING, 0) < 0 && errno != ENOENT)
		r = cli_error(-errno, "%s/" PENDING, share->path);
	return r;
}

int keys_settle(const struct share_store *share, const struct signature_key *key)
{
	AUTO_BUF struct buf text = { 0 };
	struct keychain chain;
	int r = keys_read(share, key, &chain);

	if (r == 0 && !keychain_ends_with(&chain, key))
		r = refuse(share, &chain, key);
	if (r == 0 && faccessat(share->dir, CHAIN, F_OK, 0) < 0)
		r = keys_write(share, &chain);
	if (r == 0 && faccessat(share->dir, PENDING, F_OK, 0) == 0)
		r = sign_all_again(share, &chain, key);
	return r;
}

int keys_change(const struct share_store *share, const struct keychain *chain,
	const struct signature_key *new)
{
	/* The statement is published before the first signature that needs it. */
	int r = share_write(share, PENDING, "", 0);

	if (r == 0)
		r = keys_write(share, chain);
	return r == 0 ? sign_all_again(share, chain, new) : r;
}
