/*
 * The search for the share's server: all servers of xfnet= in turn, repeatedly with growing pauses,
 * until xftimeout= has passed. A mount from a server that does not answer would block in the kernel
 * for minutes, so each is first asked with a TCP connection and an NFS NULL call.
 */
#ifndef INITRD_SERVER_H
#define INITRD_SERVER_H

#include "kernel-cmdline/xfnet.h"

#include <stdbool.h>
#include <stdint.h>

struct server_search {
	const struct xf_cmdline *cmdline; /* borrowed */
	uint64_t begin;                   /* clock_ms() */
	unsigned int next, round;         /* which one to ask next, and how often all were asked */
	int last_error;                   /* that was noted */
	struct {
		int probe; /* how the last one ended, 0 or -errno; 1: not asked yet */
		int mount; /* likewise, if one was tried */
		bool given_up;
	} server[XF_SERVERS_MAX];
};

void server_search_begin(struct server_search *search, const struct xf_cmdline *cmdline);

/*
 * Find the next server that answers, after the one that was found last. Returns its number in
 * xfnet=. -ETIMEDOUT after fail_note(), with the reason for each server, when xftimeout= has
 * passed. When all servers are given up: the error noted last, without fail_note().
 */
int server_search_next(struct server_search *search);

/*
 * Note that server i answered, but that mounting from it ended in error (-errno). A server whose
 * error is final is given up.
 */
void server_search_note(struct server_search *search, unsigned int i, int error);

#endif
