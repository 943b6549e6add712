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

/*
 * If this is not the key's signature of the data, look in the share for a key that follows it. If
 * there is none, the key stays, and the reader of the manifest refuses.
 */
void trust_follow(struct trust *trust, struct share_reader *reader, const struct buf *data,
	const struct buf *signature);

/* After the manifest of this share was verified: trust the key that has signed it from now on. */
enum agent_status trust_keep(const struct trust *trust, const struct run *run, const char *share);

#endif
