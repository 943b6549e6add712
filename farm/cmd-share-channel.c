/* xenfarm share channel: the channels of a share. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "farm/client/boot-files.h"
#include "farm/client/uses.h"
#include "farm/output.h"
#include "farm/results.h"
#include "farm/xenfarm.h"
#include "lib/array.h"
#include "lib/cleanup.h"

/* --- list --- */

static int list(struct farm_context *c, const char *name)
{
	static const struct table_column columns[] = {
		{ "channel", "CHANNEL", TABLE_TEXT, false },
		{ "generation", "GENERATION", TABLE_NUMBER, false },
		{ "pending", "PENDING", TABLE_NUMBER, false },
	};
	const struct table_style style = { .json = c->options.json };
	AUTO_TABLE struct table *table = table_new("channels", columns, ARRAY_SIZE(columns));
	struct channel pending;
	int r = channel_read_pending(&c->share, &pending);

	for (size_t i = 0; i < c->share.n_channels && r == 0; i++) {
		const struct channel *channel = &c->share.channel[i];
		char generation[16], next[16];
		bool changing = pending.generation && strcmp(pending.name, channel->name) == 0;
		const char *cells[] = { channel->name, channel->generation ? generation : NULL,
			changing ? next : NULL };

		if (name && strcmp(name, channel->name) != 0)
			continue;
		snprintf(generation, sizeof(generation), "%u", channel->generation);
		snprintf(next, sizeof(next), "%u", pending.generation);
		r = table ? table_add(table, cells) : -ENOMEM;
	}
	return r == 0 ? table_print(table, &style) : r;
}

/* --- create --- */

/* One whose making was cut off has none. */
static bool has_generation(const struct share_store *share, const char *name)
{
	const struct channel *there = channel_find(share, name);

	return there && there->generation;
}

static int check_new(const struct share_store *share, const char *name)
{
	if (has_generation(share, name))
		return -cli_error(EEXIST, "%s has a channel %s already, at generation %u",
			share->path, name, channel_find(share, name)->generation);
	if (!share->current)
		return -cli_error(ENOENT,
			"%s has no generation yet; publish one: `xenfarm share publish --from …`",
			share->path);
	return 0;
}

static int create(struct farm_context *c, const char *name)
{
	uint64_t window;
	int r = check_new(&c->share, name);

	if (r == 0 && c->options.dry_run) {
		output_line("channel %s would be made, at generation %u", name, c->share.current);
		return 0;
	}
	if (r == 0)
		r = share_switch(&c->share, name, c->share.current, NULL, &window);
	if (r == 0)
		output_line("channel %s, at generation %u", name, c->share.current);
	if (r == 0)
		results_number(name, "generation", c->share.current);
	return r;
}

/* --- destroy --- */

/* Their /usr is a mount of its tree. */
static int check_unused(struct farm_context *c, const char *name)
{
	AUTO_CLIENT_USES struct client_uses uses;
	int r = client_uses_read(c, c->share.uuid, &uses);

	for (size_t i = 0; i < uses.n && r == 0; i++) {
		const struct client_use *use = &uses.use[i];

		if (strcmp(use->channel, name) != 0)
			continue;
		r = use->runs ? -cli_error(EBUSY,
					"%s still runs from channel %s, until it is started again: "
					"nothing was removed",
					use->client, name)
			      : -cli_error(EBUSY,
					"%s is in channel %s: nothing was removed; `xenfarm client "
					"set %s --channel live` brings it to live",
					use->client, name, use->client);
	}
	return r;
}

static int destroy(struct farm_context *c, const char *name)
{
	int r = channel_need(&c->share, name) ? 0 : -ENOENT;

	if (r == 0)
		r = check_unused(c, name);
	if (r == 0 && c->options.dry_run) {
		output_line("channel %s would be removed", name);
		return 0;
	}
	/* Before the channel: one of that name that is made later may be at an older generation. */
	if (r == 0)
		r = boot_files_forget(c->settings.boot, &c->share, name);
	if (r == 0)
		r = channel_remove(&c->share, name);
	if (r == 0)
		output_line("channel %s removed", name);
	if (r == 0)
		results_state(name, "absent");
	return r;
}

/* --- all of them --- */

static const struct action {
	const char *name;
	int (*run)(struct farm_context *c, const char *channel);
	bool changes; /* the share; such a one needs the name of a channel */
} actions[] = {
	{ "list", list, false },
	{ "create", create, true },
	{ "destroy", destroy, true },
};

static int check_name(const char *name)
{
	const char *wrong = name ? channel_check_name(name) : NULL;

	if (!name)
		return -cli_error(EINVAL, "which channel? see `xenfarm share channel --help`");
	if (wrong)
		return -cli_error(EINVAL,
			"\"%.80s\" cannot be a channel's name: it %s; a name is a word such as "
			"canary",
			name, wrong);
	if (strcmp(name, CHANNEL_LIVE) == 0)
		return -cli_error(EINVAL,
			"the channel " CHANNEL_LIVE " is always there: it is not made or removed");
	return 0;
}

static int run(struct farm_context *c, const struct action *action, const char *name)
{
	char command[32];
	bool done;
	int r = action->changes ? check_name(name) : 0;

	if (r == 0)
		r = farm_context_open_share(c);
	if (r < 0 || !action->changes || c->options.dry_run)
		return r < 0 ? r : action->run(c, name);
	snprintf(command, sizeof(command), "channel %s", action->name);
	r = share_lock(&c->share, command);
	/* The same command, which was cut off, is complete then. */
	done = action->run == create && c->share.pending.generation &&
	       strcmp(c->share.pending.name, name) == 0 && !has_generation(&c->share, name);
	if (r == 0)
		r = share_resume(&c->share);
	return r == 0 && !done ? action->run(c, name) : r;
}

static const struct action *find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (strcmp(name, actions[i].name) == 0)
			return &actions[i];
	return NULL;
}

static int change(struct farm_context *c, char **arguments)
{
	if (arguments[1])
		results_of(arguments[1]);
	return run(c, find(arguments[0]), arguments[1]);
}

int cmd_share_channel(void *options, char **arguments)
{
	const struct action *action = find(arguments[0]);
	struct farm_context *c = options;

	if (action && !action->changes) {
		results_want(false); /* it only lists */
		return farm_exit_status(run(c, action, arguments[1]));
	}
	if (action)
		return farm_context_change(c, "share channel", change, arguments);
	cli_error(0, "unknown action '%s': list, create or destroy", arguments[0]);
	return EXIT_USAGE;
}
