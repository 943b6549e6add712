/*
 * The agent's reader of what xf-fetch says. Input: messages, each behind its size in two bytes. A
 * file whose number is in the first byte of the input is asked for in each slot that is free.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/fetch/window.h"

#define FILES 16
#define LIMIT 100000

struct seen {
	uint64_t bytes[FETCH_SLOTS * FILES];
	bool ended[FETCH_SLOTS * FILES];
};

static int data(size_t i, const void *bytes, size_t size, int error, void *arg)
{
	struct seen *seen = arg;

	/* The promise of share_reader_fetch(): one end, nothing after it, no more than was allowed.
	 */
	if (i >= FETCH_SLOTS * FILES || seen->ended[i] || error > 0 || error < -4095)
		abort();
	if (size && (error || ((const char *)bytes)[size - 1] == 'x'))
		return error ? (abort(), 0) : 1;
	seen->bytes[i] += size;
	seen->ended[i] = size == 0;
	if (seen->bytes[i] > LIMIT)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *in, size_t n)
{
	struct seen *seen = calloc(1, sizeof(*seen));
	const struct share_fetch f = { FETCH_SLOTS * FILES, NULL, data, seen };
	struct window window = { 0 };
	size_t files = 0, size;
	int slot, r = 0;

	while (r == 0 && n >= 2) {
		struct fetch_reply *reply;

		while (files < FETCH_SLOTS * FILES && (slot = window_free(&window)) >= 0)
			window_take(&window, slot, files++, LIMIT);
		size = (size_t)in[0] << 8 | in[1];
		in += 2;
		n -= 2;
		size = size < n ? size : n;
		/* Of its own, so that a byte beyond it is found. */
		reply = malloc(size ? size : 1);
		if (!reply)
			break;
		memcpy(reply, in, size);
		r = window_reply(&window, reply, size, &f);
		free(reply);
		in += size;
		n -= size;
	}
	free(seen);
	return 0;
}
