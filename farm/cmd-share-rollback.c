/* xenfarm share rollback: make a generation of the tree of an older one. */
#include <errno.h>
#include <stdlib.h>

#include "farm/client/boot-files.h"
#include "farm/output.h"
#include "farm/publish/generation.h"
#include "farm/results.h"
#include "farm/share/flip.h"
#include "farm/share/keys.h"
#include "farm/xenfarm.h"
#include "lib/cleanup.h"
#include "lib/vis.h"

static const char *channel_of(const struct farm_context *c)
{
	return c->share_options.to ? c->share_options.to : CHANNEL_LIVE;
}

static int preview(const struct farm_context *c, uint32_t generation)
{
	AUTO_TREELIST struct treelist live = { 0 }, gen = { 0 };
	AUTO_FLIP struct flip flip = { 0 };
	int r = share_read_generation(&c->share, generation, &gen);

	if (r == 0)
		r = share_plan(&c->share, channel_of(c), generation, &gen, &live, &flip);
	for (size_t i = 0; i < flip.n; i++) {
		const char *kind = flip_kind_name(flip.op[i].kind);
		AUTO_FREE char *path = vis_string(flip.op[i].path);

		output_line("%s %s", kind, path ? path : "?");
	}
	return r;
}

static void report(const struct farm_context *c, const struct generation *g, uint64_t window)
{
	uint32_t now = g->unchanged ? g->previous : g->number;
	const char *share = c->share.path;

	if (g->unchanged)
		output_line("generation %u is equal to generation %u, and stays current", now,
			g->restores);
	else
		output_line("generation %u restores generation %u: %ju files of %ju differ from "
			    "generation %u",
			g->number, g->restores, (uintmax_t)g->changed, (uintmax_t)g->files,
			g->previous);
	output_line("%s/ was changed within %.1f ms", channel_of(c), (double)window / 1e6);
	if (g->unchanged)
		results_already(share);
	results_number(share, "generation", now);
	results_text(share, "channel", channel_of(c));
	results_number(share, "restores", g->restores);
	results_number(share, "changed", g->unchanged ? 0 : g->changed);
	results_number(share, "window_ns", window);
}

static int restore(struct farm_context *c, const char *argument, const struct signature_key *key)
{
	/* Another command may have changed the share before the lock was taken. */
	uint32_t generation = farm_context_generation(c, argument);
	const struct channel *channel = channel_need(&c->share, channel_of(c));
	const struct generation_options options = { .channel = channel_of(c),
		.note = c->share_options.note };
	struct generation g = generation_next(&c->share, &options, key);
	uint64_t window = 0;
	int r;

	if (!generation || !channel)
		return -ENOENT;
	g.restores = generation;
	g.previous = channel->generation;
	r = generation_finish(&g, generation_restore(&g), &c->share, &window);
	/* Nothing to restore; its tree is repaired all the same. */
	if (r == 0 && g.unchanged)
		r = share_switch(&c->share, channel_of(c), g.previous, NULL, &window);
	if (r == 0)
		report(c, &g, window);
	if (r == 0)
		r = boot_files_follow(c->settings.boot, &c->share);
	generation_free(&g);
	return r;
}

static int rollback(struct farm_context *c, char **arguments)
{
	const char *argument = arguments[0];
	struct signature_key *key;
	uint32_t generation;
	int r = farm_context_open_share(c);

	if (r < 0)
		return r;
	farm_context_result(c);
	generation = farm_context_generation(c, argument);
	if (!generation || !channel_need(&c->share, channel_of(c)))
		return -ENOENT;
	if (c->options.dry_run)
		return preview(c, generation);
	r = farm_context_private_key(c, &key);
	if (r < 0)
		return r;
	r = share_lock(&c->share, "rollback");
	if (r == 0)
		r = share_resume(&c->share);
	if (r == 0)
		r = keys_settle(&c->share, key);
	if (r == 0)
		r = restore(c, argument, key);
	signature_key_free(key);
	farm_context_result(c);
	return r;
}

int cmd_share_rollback(void *options, char **arguments)
{
	return farm_context_change(options, "share rollback", rollback, arguments);
}
