#include "agent/fetch/window.h"

#include <errno.h>
#include <stddef.h>

#define ERRNO_MAX 4095 /* of the kernel */

int window_free(const struct window *w)
{
	for (int i = 0; w->used < FETCH_SLOTS; i++)
		if (!w->slot[i].used)
			return i;
	return -1;
}

void window_take(struct window *w, int slot, size_t file, uint64_t limit)
{
	w->slot[slot] = (struct window_slot){ true, file, 0, limit };
	w->used++;
}

void window_drop(struct window *w, int slot)
{
	w->slot[slot].used = false;
	w->used--;
}

static bool is_honest(const struct window *w, const struct fetch_reply *reply, size_t n)
{
	const size_t head = offsetof(struct fetch_reply, data);
	const struct window_slot *slot;

	if (n < head || n > head + FETCH_PIECE || reply->slot >= FETCH_SLOTS ||
		!w->slot[reply->slot].used || reply->last > 1)
		return false;
	if (reply->error)
		return reply->error < 0 && reply->error >= -ERRNO_MAX && reply->last && n == head;
	slot = &w->slot[reply->slot];
	return (reply->last || n > head) && n - head <= slot->limit - slot->got;
}

int window_reply(
	struct window *w, const struct fetch_reply *reply, size_t n, const struct share_fetch *f)
{
	struct window_slot *slot;
	size_t size;
	int r = 0;

	if (!is_honest(w, reply, n))
		return -EPROTO;
	slot = &w->slot[reply->slot];
	size = n - offsetof(struct fetch_reply, data);
	slot->got += size;
	if (reply->last)
		window_drop(w, (int)reply->slot);
	if (size)
		r = f->data(slot->file, reply->data, size, 0, f->arg);
	if (r == 0 && reply->last)
		r = f->data(slot->file, NULL, 0, reply->error, f->arg);
	return r;
}
