/* xenfarm share publish: make a generation of a master's tree, and the current one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "farm/client/boot-files.h"
#include "farm/name.h"
#include "farm/output.h"
#include "farm/publish/copy.h"
#include "farm/publish/generation.h"
#include "farm/publish/origin.h"
#include "farm/results.h"
#include "farm/share/keys.h"
#include "farm/xenfarm.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

/* A share inside its source would be copied into itself. */
static int check_apart(const struct share_store *share, const struct origin *source)
{
	size_t n = strlen(source->path);

	if (strcmp(source->path, "/") == 0 ||
		(strncmp(share->path, source->path, n) == 0 &&
			(share->path[n] == '/' || share->path[n] == '\0')))
		return -cli_error(
			EINVAL, "the share %s is inside its source %s", share->path, source->path);
	return 0;
}

static int preview(const struct farm_context *c, const struct origin *source)
{
	const struct copy_job copy = {
		.share = &c->share,
		.from = source->path,
		.base = { share_newest(&c->share) },
		.checksum = c->share_options.checksum,
	};

	return copy_preview(&copy);
}

/* Where the generation is now: in a channel, or staged. */
static void report_place(const struct farm_context *c, const struct generation *g, uint64_t window)
{
	const char *channel = g->options->channel;

	if (!channel)
		output_line("staged: clients get it by `xenfarm share promote %u --to %s`",
			c->share.n ? share_newest(&c->share) : 0, CHANNEL_LIVE);
	else if (!g->unchanged || window)
		output_line("%s/ was changed within %.1f ms", channel, (double)window / 1e6);
}

static void report(const struct farm_context *c, const struct generation *g, uint64_t window)
{
	const char *share = c->share.path;

	output_line("generation %u: %ju of %ju files new or changed, %.1f MB; %ju in the manifest",
		g->number, (uintmax_t)g->changed, (uintmax_t)g->files, (double)g->bytes / 1e6,
		(uintmax_t)g->entries);
	report_place(c, g, window);
	results_number(share, "generation", g->number);
	results_text(share, "channel", g->options->channel);
	results_number(share, "previous", g->previous);
	results_number(share, "published", (uint64_t)g->published);
	results_number(share, "files", g->files);
	results_number(share, "changed", g->changed);
	results_number(share, "bytes", g->bytes);
	results_number(share, "entries", g->entries);
	results_number(share, "window_ns", window);
}

static void report_nothing(
	const struct farm_context *c, const struct generation *g, uint64_t window)
{
	const char *channel = g->options->channel;

	if (channel && !window)
		output_line("nothing has changed since generation %u, which stays current",
			g->previous);
	else
		output_line("nothing has changed since generation %u", g->previous);
	report_place(c, g, window);
	results_number(c->share.path, "generation", g->previous);
	results_text(c->share.path, "channel", channel);
	results_number(c->share.path, "changed", 0);
	if (!window)
		results_already(c->share.path);
}

/* NULL: none. */
static const char *channel_of(const struct cmd_share_options *o)
{
	if (o->stage)
		return NULL;
	return o->to ? o->to : CHANNEL_LIVE;
}

static int make(
	struct farm_context *c, const struct origin *source, const struct signature_key *key)
{
	const struct cmd_share_options *o = &c->share_options;
	const struct generation_options options = {
		.channel = channel_of(o),
		.note = o->note,
		.layout = o->layout,
		.in_use_kernel = o->in_use_kernel,
		.no_initrd = o->no_initrd,
		.checksum = o->checksum,
		.strict = o->strict,
		.mkinitrd = c->share_settings->mkinitrd,
		.key_path = c->key_path,
	};
	struct generation g = generation_next(&c->share, &options, key);
	uint64_t window = 0;
	int r = generation_finish(&g, generation_make(&g, source), &c->share, &window);

	if (r == 0 && g.unchanged)
		report_nothing(c, &g, window);
	else if (r == 0)
		report(c, &g, window);
	generation_free(&g);
	return r;
}

static int publish(struct farm_context *c, const struct origin *source)
{
	struct signature_key *key;
	int r = farm_context_private_key(c, &key);

	if (r < 0)
		return r;
	r = share_lock(&c->share, "publish");
	if (r == 0)
		r = share_resume(&c->share);
	if (r == 0 && c->share_options.to && !channel_need(&c->share, c->share_options.to))
		r = -ENOENT;
	if (r == 0)
		r = keys_settle(&c->share, key);
	if (r == 0)
		r = make(c, source, key);
	/* Also if nothing has changed: the last publish may have been cut off here. */
	if (r == 0)
		r = boot_files_follow(c->settings.boot, &c->share);
	signature_key_free(key);
	return r;
}

int cmd_share_publish_from(struct farm_context *c, const char *from)
{
	AUTO_ORIGIN struct origin source = { .dir = -1 };
	int r;

	farm_context_result(c);
	if (c->share_options.stage && c->share_options.to)
		return -cli_error(EINVAL, "either --stage or --to");
	r = origin_open(from, c->share_options.partition, &source);
	if (r == 0)
		r = check_apart(&c->share, &source);
	if (r < 0)
		return r;
	if (geteuid() != 0)
		cli_error(0, "not running as root: all files will belong to this user, and devices "
			     "are left out");
	if (c->options.dry_run)
		return preview(c, &source);
	r = publish(c, &source);
	farm_context_result(c);
	return r;
}

/* The name of a master, where there is no file of that name. */
static bool is_master(const char *from)
{
	return !name_check(from) && access(from, F_OK) < 0;
}

static int publish_from(struct farm_context *c, char **arguments)
{
	int r = farm_context_open_share(c);

	(void)arguments;
	return r < 0 ? r : cmd_share_publish_from(c, c->share_options.from);
}

int cmd_share_publish(void *options, char **arguments)
{
	struct farm_context *c = options;
	const char *from = c->share_options.from;

	if (is_master(from))
		return master_cmd_publish(c, (char *[]){ (char *)from, NULL });
	return farm_context_change(c, "share publish", publish_from, arguments);
}
