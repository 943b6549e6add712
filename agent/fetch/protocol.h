/*
 * What xf-agent and xf-fetch, its hand in the network, say to each other: messages over a
 * SOCK_SEQPACKET pair, which keeps their bounds, in the machine's byte order.
 *
 * xf-agent asks for a file under the number of a free slot; xf-fetch answers with the content in
 * pieces, each with that number, and frees the slot with the last one or with an error.
 */
#ifndef AGENT_FETCH_PROTOCOL_H
#define AGENT_FETCH_PROTOCOL_H

#include <stdint.h>

#include "lib/manifest/manifest.h"

#define FETCH_SLOTS    64 /* files that are on their way at once */
#define FETCH_PATH_MAX (MANIFEST_PATH_MAX + 32)
#define FETCH_PIECE    65536
#define FETCH_ROUNDS   2 /* times that each server is tried in turn, without an answer */

struct fetch_request {
	uint64_t offset; /* of the first byte that is wanted */
	uint64_t limit;  /* bytes of the whole; a longer file is answered with -EFBIG */
	uint32_t slot;
	char path[FETCH_PATH_MAX]; /* in the share; the message ends where it does, without NUL */
};

struct fetch_reply {
	uint32_t slot;
	int32_t error;          /* 0, or -errno: then there is no data, and last is set */
	uint32_t last;          /* 1: nothing more will come for this slot */
	char data[FETCH_PIECE]; /* the message ends where it does */
};

#endif
