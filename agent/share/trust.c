#include "agent/share/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"
#include "lib/paths.h"
#include "lib/publish.h"

#define RECORD_NAME "share.pub"

enum agent_status trust_open(const struct agent_options *options, struct trust *trust)
{
	char path[PATH_MAX];
	const char *pub = options->pub;
	int r;

	if (!pub)
		pub = run_path(options->root, PATH_ETC "/" RECORD_NAME, path);
	r = signature_read_public(pub, &trust->key);
	if (r == 0)
		return AGENT_DONE;
	cli_error(r == -EINVAL ? 0 : r, "%s%s", pub,
		r == -EINVAL ? ": not an Ed25519 public key in PEM" : " (the share's public key)");
	return AGENT_REFUSED;
}

void trust_close(struct trust *trust)
{
	signature_key_free(trust->key);
	trust->key = NULL;
}

static bool has_signed(
	const struct signature_key *key, const struct buf *data, const struct buf *signature)
{
	return signature->size == SIGNATURE_BYTES &&
	       signature_verify(key, data->data, data->size, (const uint8_t *)signature->data) == 0;
}

void trust_follow(struct trust *trust, struct share_reader *reader, const struct buf *data,
	const struct buf *signature)
{
	AUTO_BUF struct buf text = { 0 };
	struct signature_key *next;
	int r;

	if (has_signed(trust->key, data, signature))
		return;
	r = share_reader_read(reader, "etc/keys", KEYCHAIN_BYTES_MAX, &text);
	if (r == 0)
		r = keychain_parse(text.data, text.size, &trust->chain);
	if (r == 0)
		r = keychain_follow(&trust->chain, trust->key, &next);
	if (r == -EBADMSG)
		cli_error(
			0, "etc/keys of the share names a key that the one before has not signed");
	if (r < 0)
		return;
	signature_key_free(trust->key);
	trust->key = next;
	trust->followed = true;
}

static int write_record(int root, const struct signature_key *key)
{
	AUTO_CLOSE int dir = fsroot_open(root, PATH_ETC, O_RDONLY | O_DIRECTORY, 0);
	AUTO_BUF struct buf pem = { 0 };
	int r = dir < 0 ? dir : signature_public_pem(key, &pem);

	return r < 0 ? r : publish_file(dir, RECORD_NAME, 0644, pem.data, pem.size);
}

enum agent_status trust_keep(const struct trust *trust, const struct run *run, const char *share)
{
	char name[KEYCHAIN_NAME_MAX], path[PATH_MAX];
	int r;

	if (!trust->followed)
		return AGENT_DONE;
	if (strcmp(trust->chain.share, share) != 0) {
		cli_error(0, "etc/keys of the share is that of another share");
		return AGENT_REFUSED;
	}
	keychain_name(trust->chain.key[trust->chain.n - 1].public, name);
	/* The file of --pub is not written, and nothing is without the lock. */
	if (run->options->pub || run->lock < 0)
		return AGENT_DONE;
	r = write_record(run->root, trust->key);
	if (r < 0) {
		cli_error(r, "%s", run_path(run->options->root, PATH_ETC "/" RECORD_NAME, path));
		return AGENT_FAILED;
	}
	run_inform(run->options,
		"The share has a new key, %s, signed by the one before; it is trusted now.", name);
	return AGENT_DONE;
}
