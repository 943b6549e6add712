/*
 * One question to many agents at once: ONC RPC (RFC 5531) over TCP from reserved ports, one poll
 * loop, one deadline for all. An agent is a guest's program and may say anything: what it answers
 * is bounded, and is taken only if it is whole, nothing more, and belongs to this question.
 */
#ifndef FARM_FLEET_ASK_H
#define FARM_FLEET_ASK_H

#include <netinet/in.h>
#include <rpc/rpc.h>
#include <stddef.h>
#include <stdint.h>

#define ASK_CALL_MAX   (16u << 10) /* bytes of a question */
#define ASK_ANSWER_MAX (1u << 20)  /* of an answer, whatever the question is */

/* What is asked. */
struct ask_procedure {
	uint32_t program, version, number;
	uint16_t port;
	xdrproc_t encode, decode; /* of arguments and result */
	size_t answer_max;        /* bytes; 0: ASK_ANSWER_MAX */
};

enum ask_outcome {
	ASK_SILENT,   /* no answer until the deadline */
	ASK_ANSWERED, /* result is filled */
	ASK_REFUSED,  /* error: why there is no connection; ECONNRESET: it was closed */
	ASK_VERSION,  /* the agent speaks versions low to high */
	ASK_DENIED,   /* the agent does not take the call: rule says why */
	ASK_LIES,     /* the answer breaks a rule */
};

/* To whom, and what became of it. */
struct ask_call {
	struct in_addr address;
	void *arguments;
	void *result; /* zeroed by the caller, who frees it by xdr_free(3) if it was filled */
	enum ask_outcome outcome;
	int error;
	uint32_t low, high;
	const char *rule;          /* static text */
	unsigned int milliseconds; /* until it was known */
};

/*
 * Ask all, and wait at most that long. Returns 0 whatever the agents do; or -errno after a message:
 * -EACCES without the right to use reserved ports.
 */
int ask_all(const struct ask_procedure *procedure, struct ask_call *call, size_t n,
	unsigned int milliseconds);

/* Why there is no result, for a person: "refused the connection". */
struct ask_text {
	char text[128];
};
struct ask_text ask_explain(const struct ask_procedure *procedure, const struct ask_call *call);

#endif
