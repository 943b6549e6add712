/*
 * The search for a share's server: over all of xfnet='s servers in turn, again and again with
 * pauses that grow, until xftimeout= has passed. A mount of a server that does not answer would hang in
 * the kernel for minutes, so each one is asked first with a TCP connection and an NFS NULL call.
 */
#ifndef INITRD_SERVER_H
#define INITRD_SERVER_H

#include "kernel-cmdline/xfnet.h"

#include <stdbool.h>
#include <stdint.h>

struct server_search {
	const struct xf_cmdline *cmdline; /* borrowed */
	uint64_t begin;                   /* clock_ms() */
	unsigned int next, round;         /* whom to ask next, and how often all were asked */
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
 * xfnet=. -ETIMEDOUT after fail_note(), which says of every server why it is of no use, when
 * xftimeout= has passed. When all servers were given up: what was noted last, and it is for the
 * caller to explain.
 */
int server_search_next(struct server_search *search);

/*
 * Note that server i answered, but that mounting from it ended in error (-errno). A server is given
 * up if final: trying it again is of no help.
 */
void server_search_note(struct server_search *search, unsigned int i, int error);

#endif
