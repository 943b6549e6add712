/*
 * ONC RPC (RFC 5531) over TCP, as little as a NULL call and a portmapper need: one call at a time,
 * no credentials, one fragment a message. All waits end at a deadline in now_ms() milliseconds.
 */
#ifndef INITRD_ONCRPC_H
#define INITRD_ONCRPC_H

#include "kernel-cmdline/xfnet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RPC_VERSION   2
#define RPC_WORDS_MAX 256 /* of a message: credentials and verifier may have 400 bytes each */

enum rpc_message_type { RPC_CALL, RPC_REPLY };
enum rpc_accept {
	RPC_SUCCESS,
	RPC_PROG_UNAVAIL,
	RPC_PROG_MISMATCH,
	RPC_PROC_UNAVAIL,
	RPC_GARBAGE_ARGS
};

/* As it is sent: the record mark, then the message; all of it big endian. */
struct rpc_message {
	uint32_t mark;
	uint32_t word[RPC_WORDS_MAX];
	unsigned int n; /* words */
};

/* Append a word in the host's byte order. The caller stays within RPC_WORDS_MAX. */
void rpc_put(struct rpc_message *message, uint32_t word);

/* Word i in the host's byte order; 0 beyond the end. */
uint32_t rpc_get(const struct rpc_message *message, unsigned int i);

/* Send a message, or receive one. Returns 0 or -errno: ETIMEDOUT, EPROTO, ECONNRESET, … */
int rpc_send(int fd, struct rpc_message *message);
int rpc_receive(int fd, struct rpc_message *message, uint64_t deadline);

/* Connect a TCP socket, from a port below 1024 if reserved. Returns the fd (non-blocking), or
 * -errno. */
int rpc_connect(const struct xf_addr *server, uint16_t port, bool reserved, uint64_t deadline);

/* Listen on a TCP port of an address. Returns the fd, or -errno. */
int rpc_listen(const struct xf_addr *address, uint16_t port);

/* Begin the reply to the call of that xid. The caller appends what goes with accept (RFC 5531, 9).
 */
void rpc_reply(struct rpc_message *reply, uint32_t xid, enum rpc_accept accept);

struct rpc_procedure {
	uint32_t program, version, procedure;
};

/*
 * Call a procedure with n words as its arguments. Returns enum rpc_accept, or -errno; -EPROTO if
 * what answers does not speak RPC.
 */
int rpc_call(int fd, const struct rpc_procedure *procedure, const uint32_t *arguments,
	unsigned int n, uint64_t deadline);

#endif
