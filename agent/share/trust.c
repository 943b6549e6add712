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

int trust_open(const struct agent *a, struct trust *trust)
{
	char path[PATH_MAX];
	int r;

	agent_path(a->options, PATH_ETC "/" RECORD_NAME, path);
	r = signature_read_public(a->options->pub ? a->options->pub : path, &trust->key);
	if (r == 0)
		return 0;
	cli_error(r == -EINVAL ? 0 : r, "%s%s", a->options->pub ? a->options->pub : path,
		r == -EINVAL ? ": not an Ed25519 public key in PEM" : " (the share's public key)");
	return EXIT_REFUSED;
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

void trust_follow(const struct agent *a, struct trust *trust, const struct buf *data,
	const struct buf *signature)
{
	AUTO_BUF struct buf text = { 0 };
	struct signature_key *next;
	int r;

	if (has_signed(trust->key, data, signature))
		return;
	r = share_reader_read(a->reader, "etc/keys", KEYCHAIN_BYTES_MAX, &text);
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

static int write_record(const struct agent *a, const struct signature_key *key)
{
	AUTO_CLOSE int dir = fsroot_open(a->root, PATH_ETC, O_RDONLY | O_DIRECTORY, 0);
	AUTO_BUF struct buf pem = { 0 };
	int r = dir < 0 ? dir : signature_public_pem(key, &pem);

	return r < 0 ? r : publish_file(dir, RECORD_NAME, 0644, pem.data, pem.size);
}

int trust_keep(const struct agent *a, const struct trust *trust)
{
	char name[KEYCHAIN_NAME_MAX], path[PATH_MAX];
	int r;

	if (!trust->followed)
		return 0;
	if (strcmp(trust->chain.share, a->new->head.share) != 0) {
		cli_error(0, "etc/keys of the share is that of another share");
		return EXIT_REFUSED;
	}
	keychain_name(trust->chain.key[trust->chain.n - 1].public, name);
	/* What --pub names is not ours, and a run that may not change anything does not. */
	if (a->options->pub || a->lock < 0)
		return 0;
	r = write_record(a, trust->key);
	if (r < 0) {
		cli_error(r, "%s", agent_path(a->options, PATH_ETC "/" RECORD_NAME, path));
		return EXIT_UNDONE;
	}
	agent_inform(a, "The share has a new key, %s, signed by the one before; it is trusted now.",
		name);
	return 0;
}
