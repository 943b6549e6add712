#include "farm/publish/generation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "farm/output.h"
#include "farm/publish/boot-links.h"
#include "farm/publish/copy.h"
#include "farm/publish/image-id.h"
#include "farm/publish/keeptime.h"
#include "farm/publish/kernel-names.h"
#include "farm/publish/kernels.h"
#include "farm/publish/layout-detect.h"
#include "farm/publish/passwords.h"
#include "farm/publish/secrets.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"
#include "lib/vis.h"

struct generation generation_next(const struct share_store *share,
	const struct generation_options *options, const struct signature_key *key)
{
	struct generation g = {
		.share = share,
		.options = options,
		.key = key,
		.number = share_next(share),
		.previous = share_newest(share),
		.published = time(NULL),
		.dir = -1,
		.previous_dir = -1,
	};

	g.partial = share_name("gen", g.number, ".partial");
	return g;
}

static int open_previous(struct generation *g)
{
	if (!g->previous)
		return 0;
	g->previous_dir = share_open_generation(g->share, g->previous);
	return g->previous_dir < 0
		       ? g->previous_dir
		       : share_read_tree(g->share, share_name("gen", g->previous, "").text,
				 g->previous_dir, &g->previous_tree);
}

static int begin(struct generation *g)
{
	if (mkdirat(g->share->dir, g->partial.text, 0755) < 0)
		return cli_error(-errno, "%s/%s", g->share->path, g->partial.text);
	g->dir = openat(g->share->dir, g->partial.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (g->dir < 0)
		return cli_error(-errno, "%s/%s", g->share->path, g->partial.text);
	return open_previous(g);
}

static int copy(struct generation *g, const struct origin *source)
{
	AUTO_FREE char *to = NULL;
	const struct share_store *share = g->share;
	struct copy_job copy = {
		.share = share,
		.from = source->path,
		.base = { g->previous, share->current },
		.checksum = g->options->checksum,
	};
	int r;

	if (copy.base[1] == copy.base[0])
		copy.base[1] = 0;
	if (asprintf(&to, "%s/%s", share->path, g->partial.text) < 0)
		return cli_error(-ENOMEM, "%s", source->path);
	copy.to = to;
	r = copy_tree(&copy);
	if (r == 0)
		r = share_read_tree(share, g->partial.text, g->dir, &g->tree);
	return r == 0 ? copy_check(source->dir, &g->tree) : r;
}

/* The tree was walked after the copy. Add what was made since then, in these directories only. */
static int read_made(struct generation *g)
{
	static const char *const directories[] = { "etc", "boot", "usr/lib/modules",
		"lib/modules" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(directories) && r == 0; i++) {
		AUTO_FREE char *where = NULL;

		r = treelist_read_new(g->dir, directories[i], &g->tree, &where);
		if (r < 0)
			cli_error(
				r, "%s/%s/%s", g->share->path, g->partial.text, where ? where : "");
	}
	return r;
}

/* A socket is of use only to the program that made it. */
static int leave_sockets_out(struct generation *g)
{
	size_t sockets = 0;

	for (size_t i = 0; i < g->tree.n;) {
		struct treelist_entry *e = &g->tree.entry[i];
		AUTO_CLOSE int directory = -1;
		const char *name;

		if (!S_ISSOCK(e->mode)) {
			i++;
			continue;
		}
		directory = fsroot_parent(g->dir, e->path, &name);
		if (directory < 0)
			return cli_error(directory, "socket %s", e->path);
		KEEPTIME(directory);
		if (unlinkat(directory, name, 0) < 0)
			return cli_error(-errno, "socket %s", e->path);
		treelist_drop(&g->tree, i);
		sockets++;
	}
	if (sockets > 0)
		output_line("%zu socket%s left out", sockets, sockets == 1 ? "" : "s");
	return 0;
}

static int make_initrds(struct generation *g)
{
	AUTO_FREE char *tree = NULL, *pub = NULL;
	struct kernels_initrds initrds = {
		.share = g->share,
		.options = g->options->mkinitrd,
		.to = g->dir,
		.previous = g->previous_dir,
	};

	if (g->options->no_initrd)
		return 0;
	if (asprintf(&tree, "%s/%s", g->share->path, g->partial.text) < 0 ||
		asprintf(&pub, "%s.pub", g->options->key_path) < 0)
		return cli_error(-ENOMEM, "initrds");
	initrds.tree = tree;
	initrds.pub = pub;
	return kernels_make_initrds(&initrds);
}

/* From --layout, from etc/layout, or detected. */
static int choose_layout(struct generation *g)
{
	const char *path = g->options->layout;
	AUTO_CLOSE int fd = -1;
	struct layout layout;
	int r;

	if (path) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		r = fd < 0 ? -errno : buf_read(&g->layout, fd, LAYOUT_BYTES_MAX);
		if (r < 0)
			return cli_error(r, "%s", path);
	} else {
		path = "etc/layout";
		r = share_read(g->share, path, &g->layout);
		if (r == -ENOENT) {
			path = "the layout that was detected";
			r = layout_detect(g->dir, &g->layout);
			if (r < 0)
				return cli_error(r, "detecting the layout");
		}
		if (r < 0)
			return r;
	}
	return share_parse_layout(path, &g->layout, &layout);
}

/* A directory's time does not count: it also changes with what the filter leaves out. */
static bool equal(const struct treelist_entry *old, const struct treelist_entry *new)
{
	if (!old || !new)
		return false;
	if (S_ISDIR(old->mode) && S_ISDIR(new->mode))
		return treelist_same_directory(old, new);
	return treelist_same_inode(old, new);
}

static int count_pair(const struct treelist_entry *old, const struct treelist_entry *new, void *arg)
{
	struct generation *g = arg;
	bool file = new && !S_ISDIR(new->mode);

	g->files += file;
	if (equal(old, new))
		return 0;
	g->differs = true;
	if (file) {
		g->changed++;
		g->bytes += 512 * new->blocks;
	}
	return 0;
}

static bool same_layout(const struct generation *g)
{
	AUTO_BUF struct buf layout = { 0 };
	const struct share_name name = share_name("manifest", g->previous, ".layout");

	return share_read(g->share, name.text, &layout) == 0 && layout.size == g->layout.size &&
	       memcmp(layout.data, g->layout.data, layout.size) == 0;
}

/* Does it differ from the previous one, in its tree or layout? */
static void compare(struct generation *g)
{
	treelist_join(&g->previous_tree, &g->tree, count_pair, g);
	g->unchanged = g->previous && !g->differs && same_layout(g);
}

static int look_for_secrets(const struct generation *g)
{
	int found = secrets_look(g->dir, &g->tree, &g->previous_tree);

	if (found <= 0 || !g->options->strict)
		return found < 0 ? found : 0;
	return -cli_error(EPERM,
		"nothing was published: --strict, and %d file%s seem%s to hold secrets", found,
		found == 1 ? "" : "s", found == 1 ? "s" : "");
}

/* Make the tree: a copy of the master's, without passwords, with modules and initrds. */
static int fill(struct generation *g, const struct origin *source)
{
	int r = begin(g);

	if (r == 0)
		r = copy(g, source);
	if (r == 0)
		r = passwords_publish(source->dir, g->dir, g->previous_dir);
	if (r == 0 && g->options->in_use_kernel)
		r = kernels_keep_modules(g->share, g->options->in_use_kernel, g->dir);
	if (r == 0)
		r = kernel_names_make(g->dir, &g->tree);
	if (r == 0)
		r = make_initrds(g);
	if (r == 0)
		r = boot_links_make(g->dir, g->previous_dir);
	if (r == 0)
		r = read_made(g);
	/* As if nothing had changed, so that it is no change. */
	if (r == 0)
		r = image_id_publish(g->dir, &g->tree, g->previous_dir, 0);
	return r == 0 ? leave_sockets_out(g) : r;
}

int generation_make(struct generation *g, const struct origin *source)
{
	int r = fill(g, source);

	if (r == 0)
		r = choose_layout(g);
	if (r < 0)
		return r;
	compare(g);
	if (g->unchanged)
		return 0;
	r = image_id_publish(g->dir, &g->tree, g->previous_dir, g->number);
	if (r == 0)
		r = look_for_secrets(g);
	return r == 0 ? generation_describe(g) : r;
}

int generation_restore(struct generation *g)
{
	const struct share_name origin = share_name("gen", g->restores, "");
	AUTO_CLOSE int from = share_open_generation(g->share, g->restores);
	int r = from < 0 ? from : share_read_tree(g->share, origin.text, from, &g->tree);

	if (r == 0)
		r = open_previous(g);
	if (r == 0)
		r = share_layout_text(g->share, g->restores, &g->layout);
	if (r < 0)
		return r;
	compare(g);
	if (g->unchanged)
		return 0;
	r = treelist_link(&g->tree, &g->tree.entry[0], from, g->share->dir, g->partial.text);
	if (r < 0)
		return cli_error(r, "%s/%s", g->share->path, g->partial.text);
	return generation_describe_again(g);
}

/* Its channel may have an older generation, if the previous one was staged. */
static int finish_unchanged(const struct generation *g, struct share_store *share, uint64_t *window)
{
	const char *name = g->options->channel;
	const struct channel *channel = name ? channel_find(share, name) : NULL;
	int r = share_sweep(share);

	if (r < 0 || !channel || channel->generation == g->previous)
		return r;
	return share_switch(share, name, g->previous, NULL, window);
}

int generation_finish(
	const struct generation *g, int r, struct share_store *share, uint64_t *window)
{
	const char *channel = g->options->channel;

	if (r == 0 && g->unchanged)
		return finish_unchanged(g, share, window);
	/* All of it is on disk before it is committed. */
	if (r == 0 && syncfs(share->dir) < 0)
		r = cli_error(-errno, "%s", share->path);
	if (r == 0)
		r = channel ? share_switch(share, channel, g->number, &g->tree, window)
			    : share_stage(share, g->number);
	/* Nothing was committed: remove the copy. */
	if (r < 0 && faccessat(share->dir, "etc/flip", F_OK, 0) < 0)
		share_sweep(share);
	return r;
}

void generation_free(struct generation *g)
{
	if (g->dir > 0)
		close(g->dir);
	if (g->previous_dir > 0)
		close(g->previous_dir);
	treelist_free(&g->previous_tree);
	treelist_free(&g->tree);
	buf_free(&g->layout);
}
