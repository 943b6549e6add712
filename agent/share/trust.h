/*
 * The share's key, and the keys that follow it: one that the trusted key has signed, over any
 * number of such steps, is trusted too (lib/keychain.h).
 */
#ifndef AGENT_SHARE_TRUST_H
#define AGENT_SHARE_TRUST_H

#include "agent/run/run.h"
#include "lib/keychain.h"
#include "lib/signature.h"

struct trust {
	struct signature_key *key; /* that the manifest is checked by */
	bool followed;             /* it is not the one that was trusted until now */
	struct keychain chain;     /* if followed */
};

/* The key of --pub, or of the root. */
enum agent_status trust_open(const struct agent_options *options, struct trust *trust);
void trust_close(struct trust *trust);
#define AUTO_TRUST __attribute__((cleanup(trust_close)))

/* If this is not that key's signature of the data, see in the share whether another has followed
 * it. If none has, the key stays, and the manifest's reader refuses. */
void trust_follow(struct trust *trust, struct share_reader *reader, const struct buf *data,
	const struct buf *signature);

/* The manifest, of this share, is good: from now on the key that has signed it is the trusted one.
 */
enum agent_status trust_keep(const struct trust *trust, const struct run *run, const char *share);

#endif
