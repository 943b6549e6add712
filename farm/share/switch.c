/* From one generation to another, so that an interrupted change can be completed. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "farm/output.h"
#include "farm/share/flip.h"
#include "farm/share/store.h"
#include "farm/share/treelist.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/vis.h"

int share_read_tree(
	const struct share_store *share, const char *name, int fd, struct treelist *tree)
{
	AUTO_FREE char *where = NULL;
	int r = treelist_read(fd, tree, &where);

	return r < 0 ? cli_error(r, "%s/%s/%s", share->path, name, where ? where : "") : 0;
}

int share_read_generation(
	const struct share_store *share, uint32_t generation, struct treelist *tree)
{
	AUTO_CLOSE int fd = share_open_generation(share, generation);

	return fd < 0 ? fd
		      : share_read_tree(share, share_name("gen", generation, "").text, fd, tree);
}

int share_plan(const struct share_store *share, const char *channel, uint32_t generation,
	const struct treelist *gen, struct treelist *live, struct flip *flip)
{
	const struct channel_path tree = channel_path(channel, PATH_LIVE);
	AUTO_CLOSE int fd = openat(share->dir, tree.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return cli_error(-errno, "%s/%s", share->path, tree.text);
	r = share_read_tree(share, tree.text, fd, live);
	if (r == 0 && flip_plan(live, gen, flip) < 0)
		r = cli_error(-ENOMEM, "planning the flip to generation %u", generation);
	return r;
}

/* What is changed: a channel's tree, to a generation. */
struct change {
	const struct share_store *share;
	const char *channel;
	uint32_t generation;
	struct channel_path tree;
};

static int flip_failed(const struct change *c, int r, const char *where)
{
	AUTO_FREE char *path = where ? vis_string(where) : NULL;
	const char *hint = "";

	if (r == -EXDEV)
		hint = " (live/ and gen/ must be on one file system)";
	if (r == -EINVAL)
		hint = " (this file system cannot exchange two names: use ext4, xfs or btrfs)";
	return cli_error(r, "cannot bring %s/%s/%s to generation %u%s; run the command again",
		c->share->path, c->tree.text, path ? path : "", c->generation, hint);
}

static int flip_to(const struct change *c, const struct treelist *gen, uint64_t *window)
{
	AUTO_TREELIST struct treelist live = { 0 };
	AUTO_FLIP struct flip plan = { 0 };
	const struct share_store *share = c->share;
	struct flip_directories directories = { .share = share->dir, .live = -1, .gen = -1 };
	const char *where;
	int r = share_plan(share, c->channel, c->generation, gen, &live, &plan);

	if (r < 0)
		return r;
	output_progress("flip", plan.n, 0);
	directories.live = openat(share->dir, c->tree.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	directories.gen = share_open_generation(share, c->generation);
	r = flip_apply(&plan, gen, &directories, window, &where);
	if (r < 0)
		flip_failed(c, r, where);
	/* The names in live must be on disk before `current` says so. */
	else if (syncfs(share->dir) < 0)
		r = cli_error(-errno, "%s/%s", share->path, c->tree.text);
	close(directories.live);
	close(directories.gen);
	return r;
}

static int flip(const struct change *c, const struct treelist *walked, uint64_t *window)
{
	AUTO_TREELIST struct treelist gen = { 0 };
	int r = walked ? 0 : share_read_generation(c->share, c->generation, &gen);

	return r < 0 ? r : flip_to(c, walked ? walked : &gen, window);
}

/* After this the generation is complete and its name final. */
static int settle(const struct share_store *share, uint32_t generation)
{
	const struct share_name partial = share_name("gen", generation, ".partial"),
				final = share_name("gen", generation, "");

	if (renameat(share->dir, partial.text, share->dir, final.text) < 0 && errno != ENOENT)
		return cli_error(-errno, "%s/%s", share->path, partial.text);
	return 0;
}

static int put_layout(const struct change *c)
{
	AUTO_BUF struct buf text = { 0 };
	int r = share_layout_text(c->share, c->generation, &text);

	return r < 0 ? r
		     : share_write(c->share, channel_path(c->channel, "layout").text, text.data,
			       text.size);
}

int share_switch(struct share_store *share, const char *channel, uint32_t generation,
	const struct treelist *tree, uint64_t *window)
{
	const struct change c = { share, channel, generation, channel_path(channel, PATH_LIVE) };
	struct channel pending = { .generation = generation };
	int r;

	snprintf(pending.name, sizeof(pending.name), "%s", channel);
	/* The commitment: a command that finds this file continues from here. */
	r = channel_write_pending(share, &pending);
	if (r == 0)
		r = settle(share, generation);
	if (r == 0)
		r = channel_make(share, channel);
	if (r == 0)
		r = flip(&c, tree, window);
	if (r == 0)
		r = put_layout(&c);
	if (r == 0)
		r = share_write_number(share, channel_path(channel, "current").text, generation);
	if (r == 0 && unlinkat(share->dir, "etc/flip", 0) < 0)
		r = cli_error(-errno, "%s/etc/flip", share->path);
	if (r < 0)
		return r;
	share->pending.generation = 0;
	return share_refresh(share);
}

int share_stage(struct share_store *share, uint32_t generation)
{
	int r = settle(share, generation);

	if (r == 0 && syncfs(share->dir) < 0)
		r = cli_error(-errno, "%s/gen/%u", share->path, generation);
	return r == 0 ? share_refresh(share) : r;
}
