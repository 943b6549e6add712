/* xenfarm share rekey: sign with another key, which clients that trust the old one follow. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "farm/output.h"
#include "farm/results.h"
#include "farm/share/keys.h"
#include "farm/xenfarm.h"
#include "lib/cleanup.h"

static int refuse(const struct farm_context *c, int r)
{
	switch (r) {
	case -EPERM:
		return -cli_error(EPERM, "%s is not the key of %s, and cannot sign its successor",
			c->key_path, c->share.path);
	case -EEXIST:
		return -cli_error(
			EEXIST, "%s was a key of this share before", c->share_options.new_key);
	case -ENOSPC:
		return -cli_error(ENOSPC, "%s has had %d keys, which is the limit", c->share.path,
			KEYCHAIN_KEYS_MAX);
	default:
		return cli_error(r, "signing %s", c->share_options.new_key);
	}
}

static void report(const struct farm_context *c)
{
	AUTO_FREE char *path = realpath(c->share_options.new_key, NULL);

	output_line("%s: %s signs from now on, and has signed all %zu generations", c->share.path,
		c->share_options.new_key, c->share.n);
	output_line("Clients follow by themselves. Set `key = %s` in xenfarm.conf, and publish, so "
		    "that new initrds carry the public key.",
		path ? path : c->share_options.new_key);
}

static int change(struct farm_context *c, struct keychain *chain, const struct signature_key *old)
{
	struct signature_key *new = NULL;
	int r = keys_make(c->share_options.new_key);

	if (r == 0)
		r = farm_context_read_private(c->share_options.new_key, &new);
	/* The rekey to this key was interrupted. */
	if (r == 0 && keychain_ends_with(chain, new))
		r = keys_settle(&c->share, new);
	else if (r == 0 && (r = keychain_append(chain, old, new)) < 0)
		refuse(c, r);
	else if (r == 0)
		r = keys_change(&c->share, chain, new);
	if (r == 0)
		report(c);
	signature_key_free(new);
	return r;
}

static int check(struct farm_context *c, const struct signature_key *old, struct keychain *chain)
{
	int r = keys_read(&c->share, old, chain);

	if (r < 0)
		return r;
	/* Refuse before a key is made. */
	if (!keychain_ends_with(chain, old) && access(c->share_options.new_key, F_OK) < 0)
		return refuse(c, -EPERM);
	return 0;
}

static int preview(struct farm_context *c, const struct signature_key *old)
{
	struct keychain chain;
	int r = check(c, old, &chain);

	if (r < 0)
		return r;
	if (access(c->share_options.new_key, F_OK) < 0)
		output_line("make the key %s", c->share_options.new_key);
	output_line("%s: sign all %zu generations by %s, which %s signs", c->share.path, c->share.n,
		c->share_options.new_key, c->key_path);
	return 0;
}

static int rekey(struct farm_context *c, const struct signature_key *old)
{
	struct keychain chain;
	int r = share_lock(&c->share, "rekey");

	if (r == 0)
		r = share_resume(&c->share);
	if (r == 0)
		r = check(c, old, &chain);
	return r < 0 ? r : change(c, &chain, old);
}

static int rekey_share(struct farm_context *c, char **arguments)
{
	struct signature_key *old;
	int r = farm_context_open_share(c);

	(void)arguments;
	if (r < 0)
		return r;
	farm_context_result(c);
	r = farm_context_private_key(c, &old);
	if (r < 0)
		return r;
	r = c->options.dry_run ? preview(c, old) : rekey(c, old);
	signature_key_free(old);
	return r;
}

int cmd_share_rekey(void *options, char **arguments)
{
	return farm_context_change(options, "share rekey", rekey_share, arguments);
}
