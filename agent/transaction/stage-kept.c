/* Contents that are kept for later merges. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "agent/merge/offers.h"
#include "agent/run/state.h"
#include "agent/transaction/stage.h"
#include "lib/cleanup.h"
#include "lib/io.h"

int stage_find_kept(struct stage *g)
{
	const struct manifest *base = g->t->records.base;

	g->keep = calloc(base->n + 1, sizeof(struct manifest_entry *));
	for (size_t i = 0; g->keep && i < base->n; i++)
		if (state_keeps(base->entry[i]) && !state_has_content(g->t->state, base->entry[i]))
			g->keep[g->n_keep++] = base->entry[i];
	return g->keep ? 0 : -ENOMEM;
}

int stage_open_kept(const struct stage *g, const struct change *c)
{
	if (offers_is_change(c->pending, c->path) || !state_keeps(c->after) ||
		state_has_content(g->t->state, c->after))
		return -1;
	return state_content_make(g->t->dir, c->after);
}

int stage_keep_others(struct stage *g)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < g->n_keep; i++) {
		AUTO_CLOSE int fd = state_content_make(g->t->dir, g->keep[i]);
		AUTO_BUF struct buf content = { 0 };

		r = fd;
		if (fd == -EEXIST)
			r = 0;
		else if (fd >= 0 && g->t->content(g->t->arg, g->keep[i], &content) == 0)
			r = io_write(fd, content.data, content.size);
		else if (fd >= 0)
			r = state_content_drop(g->t->dir, g->keep[i]);
	}
	return r < 0 ? r : 0;
}
