/* xenfarm share promote: bring a channel to a generation that there is. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "farm/client/boot-files.h"
#include "farm/fleet/verdict.h"
#include "farm/output.h"
#include "farm/promotion.h"
#include "farm/results.h"
#include "farm/share/keys.h"
#include "farm/xenfarm.h"
#include "lib/array.h"

/* The generation that a number means, or a channel's. 0 after a message. */
static uint32_t wanted(const struct farm_context *c, const char *text)
{
	const struct channel *from;

	if (channel_check_name(text))
		return farm_context_generation(c, text);
	from = channel_need(&c->share, text);
	if (from && !from->generation)
		cli_error(0, "channel %s has no generation yet", text);
	return from ? from->generation : 0;
}

/* Clients refuse what is older than what they have applied. */
static int check_newer(const struct channel *to, uint32_t generation)
{
	if (generation >= to->generation)
		return 0;
	return -cli_error(EINVAL,
		"generation %u is older than %u, which channel %s has, and its clients would "
		"refuse it; `xenfarm share rollback %u --to %s` makes it again, with a new number",
		generation, to->generation, to->name, generation, to->name);
}

static void report(
	const struct farm_context *c, uint32_t generation, uint32_t before, uint64_t window)
{
	const char *to = c->share_options.to, *share = c->share.path;

	if (c->share_options.after && !c->options.dry_run)
		output_line("channel %s will be brought to generation %u in %u seconds; `xenfarm "
			    "share promote --pending` lists what waits",
			to, generation, c->share_options.after);
	else if (c->options.dry_run)
		output_line("channel %s would be brought from generation %u to %u", to, before,
			generation);
	else if (before == generation)
		output_line("channel %s is at generation %u already", to, generation);
	else
		output_line("channel %s is at generation %u now, after %u; %s/ was changed within "
			    "%.1f ms",
			to, generation, before, to, (double)window / 1e6);
	if (before == generation)
		results_already(share);
	results_text(share, "channel", to);
	results_number(share, "generation", generation);
	results_number(share, "previous", before);
	results_number(share, "window_ns", window);
	if (!c->options.dry_run)
		farm_context_result(c);
}

/* With the signature of the share's key: it may have been made long ago. */
static int check_signed(const struct farm_context *c, uint32_t generation)
{
	AUTO_MANIFEST struct manifest *m = NULL;
	struct signature_key *key = NULL;
	int r = farm_context_public_key(c, &key);

	if (r == 0)
		r = keys_check(&c->share, key);
	if (r == 0)
		r = share_manifest(&c->share, generation, key, &m);
	signature_key_free(key);
	return r;
}

/* Now, or by a timer that runs this command again. */
static int bring(struct farm_context *c, uint32_t generation, uint64_t *window)
{
	const char *to = c->share_options.to;
	int r;

	if (c->share_options.after)
		return promotion_add(c, to, generation, c->share_options.after);
	r = share_switch(&c->share, to, generation, NULL, window);
	return r == 0 ? boot_files_follow(c->settings.boot, &c->share) : r;
}

static int promote(struct farm_context *c, const char *what)
{
	const char *name = c->share_options.to;
	const struct channel *to = channel_need(&c->share, name);
	uint32_t generation = to ? wanted(c, what) : 0, before = to ? to->generation : 0;
	uint64_t window = 0;
	int r;

	if (!generation)
		return -ENOENT;
	r = check_newer(to, generation);
	if (r == 0)
		r = check_signed(c, generation);
	/* With --after, this is asked then. */
	if (r == 0 && c->share_options.unless && !c->share_options.after)
		r = verdict_ask(c, generation);
	if (r == 0 && !c->options.dry_run)
		r = bring(c, generation, &window);
	if (r == 0)
		report(c, generation, before, window);
	return r;
}

static int list_pending(const struct farm_context *c)
{
	static const struct table_column columns[] = {
		{ "channel", "CHANNEL", TABLE_TEXT, false },
		{ "generation", "GENERATION", TABLE_NUMBER, false },
		{ "at", "AT", TABLE_TEXT, false },
		{ "unless", "UNLESS", TABLE_TEXT, false },
	};
	const struct table_style style = { .json = c->options.json };
	AUTO_TABLE struct table *table = table_new("promotions", columns, ARRAY_SIZE(columns));
	AUTO_PROMOTIONS struct promotion_list list;
	int r = promotion_read(c, &list);

	for (size_t i = 0; i < list.n && r == 0; i++) {
		const struct promotion *p = &list.promotion[i];
		char number[16];
		const char *cells[] = { p->channel, number, p->at,
			p->unless_conflicts ? "conflicts" : NULL };

		snprintf(number, sizeof(number), "%u", p->generation);
		r = table ? table_add(table, cells) : -ENOMEM;
	}
	return r == 0 ? table_print(table, &style) : r;
}

static int cancel(const struct farm_context *c)
{
	const char *to = c->share_options.to;
	int r;

	farm_context_result(c);
	results_text(c->share.path, "channel", to);
	r = c->options.dry_run ? promotion_need(c, to) : promotion_cancel(c, to);
	if (r == 0)
		output_line("the promotion to channel %s %s cancelled", to,
			c->options.dry_run ? "would be" : "is");
	return r;
}

static int run(struct farm_context *c, char **arguments)
{
	bool pending = c->share_options.pending, stop = c->share_options.cancel;
	int r;

	if (pending + stop + (*arguments != NULL) != 1)
		return -cli_error(EINVAL, "either what is to be promoted, a generation or a "
					  "channel, or --pending, or "
					  "--cancel");
	r = farm_context_open_share(c);
	if (r == 0 && !c->share_options.to)
		c->share_options.to = CHANNEL_LIVE;
	if (r < 0 || pending || stop)
		return r < 0 ? r : pending ? list_pending(c) : cancel(c);
	farm_context_result(c);
	if (r == 0 && !c->options.dry_run)
		r = share_lock(&c->share, "promote");
	if (r == 0 && !c->options.dry_run)
		r = share_resume(&c->share);
	return r == 0 ? promote(c, arguments[0]) : r;
}

int cmd_share_promote(void *options, char **arguments)
{
	struct farm_context *c = options;

	if (!c->share_options.pending)
		return farm_context_change(c, "share promote", run, arguments);
	results_want(false); /* it only lists */
	return farm_exit_status(run(c, arguments));
}
