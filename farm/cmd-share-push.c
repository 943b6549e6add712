/* xenfarm share push: copy generations to other servers; xenfarm share receive: what it runs there.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "farm/client/boot-files.h"
#include "farm/operation.h"
#include "farm/output.h"
#include "farm/results.h"
#include "farm/share/keys.h"
#include "farm/share/push.h"
#include "farm/share/receive.h"
#include "farm/xenfarm.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/exit.h"
#include "lib/json.h"

/* --- push --- */

/* HOST, HOST:PATH, or the name of a server of xenfarm.conf. Returns as push_parse(). */
static int parse_target(
	const struct farm_context *c, const char *argument, struct push_target *target)
{
	const struct farm_server_settings *server = farm_settings_server(&c->settings, argument);

	return push_parse(server ? server->ssh : argument, c->share.path, target);
}

static int parse_targets(const struct farm_context *c, char **arguments)
{
	struct push_target target;

	for (; *arguments; arguments++)
		if (parse_target(c, *arguments, &target) < 0)
			return -cli_error(EINVAL,
				"%s is not HOST or HOST:PATH, with a path that begins with /",
				*arguments);
	return 0;
}

static int push_one(struct farm_context *c, struct operation *operation, const char *argument)
{
	struct push push = {
		.share = &c->share, .operation = operation, .checksum = c->share_options.checksum
	};
	int r;

	parse_target(c, argument, &push.target);
	results_of(argument);
	r = push_ask(&push);
	if (r == 0)
		r = push_all(&push);
	push_free(&push);
	if (r < 0) {
		operation_failed(operation, argument);
	} else if (!operation->dry_run) {
		results_number(argument, "generation", c->share.current);
		output_line(
			"%s has generation %u, as this server", push.target.host, c->share.current);
	}
	results_of(NULL);
	return r;
}

/* Each of them, whatever becomes of the others. */
static int push_each(struct farm_context *c, struct operation *operation, char **arguments)
{
	int r = 0;

	for (; *arguments; arguments++) {
		int one = push_one(c, operation, *arguments);

		r = r ? r : one;
	}
	return r;
}

static const char **words_of(char *const *arguments)
{
	size_t n = 0;
	const char **words;

	while (arguments[n])
		n++;
	words = calloc(n + 3, sizeof(*words));
	if (!words)
		return NULL;
	words[0] = "share";
	words[1] = "push";
	for (size_t i = 0; i < n; i++)
		words[i + 2] = arguments[i];
	return words;
}

/* Those that were named, or all servers of xenfarm.conf: an array that the caller frees. NULL after
 * a message. */
static char **targets_of(const struct farm_context *c, char **arguments)
{
	const struct farm_settings *s = &c->settings;
	size_t n = 0, named = 0;
	char **targets;

	while (arguments[named])
		named++;
	targets = calloc(named + s->n_servers + 1, sizeof(*targets));
	if (!targets)
		cli_error(-ENOMEM, "share push");
	else if (!named && !s->n_servers)
		cli_error(0, "share push needs a HOST, or a [server NAME] in xenfarm.conf");
	while (targets && n < named)
		targets[n] = arguments[n], n++;
	for (size_t i = 0; targets && !named && i < s->n_servers; i++)
		targets[n++] = (char *)(uintptr_t)s->server[i].name;
	if (targets && n == 0) {
		free(targets);
		targets = NULL;
	}
	return targets;
}

static int push_targets(struct farm_context *c, char **arguments)
{
	AUTO_FREE const char **words = words_of(arguments);
	struct operation operation;
	int r = words ? share_open(c->share_path, &c->share) : -ENOMEM;

	if (r == 0)
		r = parse_targets(c, arguments);
	if (r == 0 && c->share.n == 0)
		r = -cli_error(ENOENT, "nothing has been published yet");
	if (r < 0)
		return farm_exit_status(r);
	operation_begin(&operation, c->settings.log, words, c->options.dry_run);
	r = push_each(c, &operation, arguments);
	return operation_end(&operation, farm_exit_status(r));
}

int cmd_share_push(void *options, char **arguments)
{
	struct farm_context *c = options;
	AUTO_FREE char **targets = NULL;

	if (farm_context_configure(c) < 0)
		return EXIT_FAILURE;
	targets = targets_of(c, arguments);
	return targets ? push_targets(c, targets) : EXIT_FAILURE;
}

/* --- receive --- */

static uint32_t count_keys(const struct share_store *share)
{
	AUTO_BUF struct buf text = { 0 };
	struct keychain chain;

	if (share_read(share, "etc/keys", &text) < 0 ||
		keychain_parse(text.data, text.size, &chain) < 0)
		return 0;
	return (uint32_t)chain.n;
}

/* See push_parse_reply(). share: NULL if there is none. */
static int reply(const struct share_store *share)
{
	struct json_object *o = json_object_new_object(), *list = json_object_new_array(),
			   *channels = json_object_new_object();

	json_add_number(o, "version", 1);
	json_add_number(o, "keys", share ? count_keys(share) : 0);
	for (size_t i = 0; share && i < share->n; i++)
		json_object_array_add(list, json_object_new_int64(share->generation[i]));
	for (size_t i = 0; share && i < share->n_channels; i++)
		json_add_number(channels, share->channel[i].name, share->channel[i].generation);
	json_object_object_add(o, "generations", list);
	json_object_object_add(o, "channels", channels);
	json_print(o);
	return 0;
}

static int ask(struct farm_context *c, char **arguments)
{
	const char *uuid = arguments[0];
	char *path;
	int r;

	if (asprintf(&path, "%s/etc/uuid", c->share_path) < 0)
		return -ENOMEM;
	r = access(path, F_OK) < 0 ? -errno : 0;
	free(path);
	if (r < 0)
		return r == -ENOENT ? reply(NULL) : cli_error(r, "%s", c->share_path);
	r = share_open(c->share_path, &c->share);
	if (r == 0 && strcmp(c->share.uuid, uuid) != 0)
		return -cli_error(EEXIST, "%s is another share: %s, not %s", c->share_path,
			c->share.uuid, uuid);
	return r < 0 ? r : reply(&c->share);
}

static int begin(struct farm_context *c, char **arguments)
{
	int r = receive_make(c->share_path, arguments[0]);

	if (r == 0)
		r = share_open(c->share_path, &c->share);
	return r < 0 ? r : reply(&c->share);
}

static int lock(struct farm_context *c)
{
	int r = share_open(c->share_path, &c->share);

	if (r == 0)
		r = share_lock(&c->share, "receive");
	return r == 0 ? share_resume(&c->share) : r;
}

static int number_of(const char *text, uint32_t *number)
{
	return value_number(number, text) ? -cli_error(EINVAL, "%s is not a generation", text) : 0;
}

static int take(struct farm_context *c, char **arguments)
{
	uint32_t generation;
	int r = number_of(arguments[0], &generation);

	if (r == 0)
		r = lock(c);
	return r == 0 ? receive_take(&c->share, generation) : r;
}

static int change(struct farm_context *c, char **arguments)
{
	const char *channel = arguments[1] ? arguments[1] : CHANNEL_LIVE;
	const char *wrong = strcmp(channel, CHANNEL_LIVE) ? channel_check_name(channel) : NULL;
	uint32_t generation;
	uint64_t window;
	int r = wrong ? -cli_error(EINVAL, "channel %s %s", channel, wrong) : lock(c);

	if (r < 0)
		return r;
	generation = farm_context_generation(c, arguments[0]);
	if (!generation)
		return -ENOENT;
	r = share_switch(&c->share, channel, generation, NULL, &window);
	return r == 0 ? boot_files_follow(c->settings.boot, &c->share) : r;
}

int cmd_share_receive(void *options, char **arguments)
{
	static const struct {
		const char *name;
		int (*run)(struct farm_context *c, char **arguments);
	} part[] = { { "ask", ask }, { "begin", begin }, { "take", take }, { "switch", change } };
	struct farm_context *c = options;
	int r = farm_context_configure(c);

	for (size_t i = 0; i < ARRAY_SIZE(part) && r == 0; i++)
		if (strcmp(arguments[0], part[i].name) == 0)
			return farm_exit_status(part[i].run(c, arguments + 1));
	if (r == 0)
		cli_error(0, "%s: ask, begin, take or switch is expected", arguments[0]);
	return r == 0 ? EXIT_USAGE : farm_exit_status(r);
}
