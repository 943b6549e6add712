/*
 * ONC RPC (RFC 5531) over TCP, only what a NULL call and a portmapper need, as klibc has no library
 * for it: one call at a time, no credentials, one fragment a message. All waits end at a deadline
 * in clock_ms() milliseconds.
 */
#ifndef INITRD_ONCRPC_H
#define INITRD_ONCRPC_H

#include "kernel-cmdline/xfnet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ONCRPC_VERSION   2
#define ONCRPC_WORDS_MAX 256 /* of a message: credentials and verifier may have 400 bytes each */

enum oncrpc_message_type { ONCRPC_CALL, ONCRPC_REPLY };
enum oncrpc_accept {
	ONCRPC_SUCCESS,
	ONCRPC_PROG_UNAVAIL,
	ONCRPC_PROG_MISMATCH,
	ONCRPC_PROC_UNAVAIL,
	ONCRPC_GARBAGE_ARGS
};

/* As it is sent: the record mark, then the message; all of it big endian. */
struct oncrpc_message {
	uint32_t mark;
	uint32_t word[ONCRPC_WORDS_MAX];
	unsigned int n; /* words */
};

/* Append a word in the host's byte order. The caller stays within ONCRPC_WORDS_MAX. */
void oncrpc_put(struct oncrpc_message *message, uint32_t word);

/* Word i in the host's byte order; 0 beyond the end. */
uint32_t oncrpc_get(const struct oncrpc_message *message, unsigned int i);

/* Send a message, or receive one. Returns 0 or -errno: ETIMEDOUT, EPROTO, ECONNRESET, … */
int oncrpc_send(int fd, struct oncrpc_message *message);
int oncrpc_receive(int fd, struct oncrpc_message *message, uint64_t deadline);

/* Connect a TCP socket, from a port below 1024 if reserved. Returns the fd (non-blocking), or
 * -errno. */
int oncrpc_connect(const struct xf_addr *server, uint16_t port, bool reserved, uint64_t deadline);

/* Listen on a TCP port of an address. Returns the fd, or -errno. */
int oncrpc_listen(const struct xf_addr *address, uint16_t port);

/* Begin the reply to the call of that xid. The caller appends the data that accept requires (RFC
 * 5531, 9).
 */
void oncrpc_reply(struct oncrpc_message *reply, uint32_t xid, enum oncrpc_accept accept);

struct oncrpc_procedure {
	uint32_t program, version, procedure;
};

/*
 * Call a procedure with n words as its arguments. Returns enum oncrpc_accept, or -errno; -EPROTO if
 * the answer is not RPC.
 */
int oncrpc_call(int fd, const struct oncrpc_procedure *procedure, const uint32_t *arguments,
	unsigned int n, uint64_t deadline);

#endif
