/* One ONC RPC call (RFC 5531) and its reply, as bytes: no I/O. */
#ifndef AGENT_SERVICE_CALL_H
#define AGENT_SERVICE_CALL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/fleet/fleet.h"

/* What a procedure takes and gives (NULL: nothing), and what does it; its number is its place in a
 * table. */
struct call_procedure {
	xdrproc_t takes;
	size_t takes_size;
	xdrproc_t gives;
	size_t gives_size;
	/* Fill in the reply, which is all zero, with texts from malloc(3). False without memory. */
	bool (*answer)(void *context, const void *argument, void *reply);
};

/* One that takes and gives types of rpcgen(1). */
#define CALL_PROCEDURE(takes, gives, answer)                                                   \
	{                                                                                      \
		(xdrproc_t) xdr_##takes, sizeof(takes), (xdrproc_t)xdr_##gives, sizeof(gives), \
			answer                                                                 \
	}

/* xf-agentd's, of the one version of the protocol. */
struct call_program {
	const struct call_procedure *procedures;
	size_t n;
	unsigned int lowest, highest; /* versions */
};

/*
 * Append the reply of a call, with its record mark. False, without a reply: not a call of RPC
 * version 2; or without memory.
 */
bool call_answer(const struct call_program *program, void *context, const char *call, size_t n,
	struct buf *out);

#endif
