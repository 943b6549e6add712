/*
 * The agent's end of fetch/protocol.h, without I/O: which slots are in use, and checks of replies,
 * which are not trusted: hostile servers talk to their sender.
 */
#ifndef AGENT_FETCH_WINDOW_H
#define AGENT_FETCH_WINDOW_H

#include <stdbool.h>

#include "agent/fetch/protocol.h"
#include "agent/share/share-reader.h"

/* Starts as {0}. */
struct window {
	size_t used;
	struct window_slot {
		bool used;
		size_t file;    /* index of the fetch */
		uint64_t got;   /* bytes that have come, */
		uint64_t limit; /* and as many as may */
	} slot[FETCH_SLOTS];
};

/* The number of a slot that is free, or -1. */
int window_free(const struct window *window);

/* It is taken from now on, for that file of at most limit bytes. */
void window_take(struct window *window, int slot, size_t file, uint64_t limit);

/* It is free again: nothing was asked for. */
void window_drop(struct window *window, int slot);

/*
 * Check a message of n bytes, and pass its content to f->data. Returns 0; what f->data returned; or
 * -EPROTO: it breaks the protocol, and nothing was passed on.
 */
int window_reply(struct window *window, const struct fetch_reply *reply, size_t n,
	const struct share_fetch *f);

#endif
