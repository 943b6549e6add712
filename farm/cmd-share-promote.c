/* xenfarm share promote: bring a channel to a generation that there is. */
#include <errno.h>
#include <string.h>

#include "farm/client/boot-files.h"
#include "farm/output.h"
#include "farm/share/keys.h"
#include "farm/xenfarm.h"
#include "lib/json.h"

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
	const char *to = c->share_options.to;
	struct json_object *o;

	if (c->options.dry_run)
		output_line("channel %s would be brought from generation %u to %u", to, before,
			generation);
	else if (before == generation)
		output_line("channel %s is at generation %u already", to, generation);
	else
		output_line("channel %s is at generation %u now, after %u; %s/ was changed within "
			    "%.1f ms",
			to, generation, before, to, (double)window / 1e6);
	if (!c->options.json)
		return;
	o = json_object_new_object();
	json_object_object_add(o, "channel", json_object_new_string(to));
	json_object_object_add(o, "generation", json_object_new_int64(generation));
	json_object_object_add(o, "previous", json_object_new_int64(before));
	json_object_object_add(o, "window_ns", json_object_new_int64((int64_t)window));
	json_print(o);
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
	if (r == 0 && !c->options.dry_run)
		r = share_switch(&c->share, name, generation, NULL, &window);
	if (r == 0 && !c->options.dry_run)
		r = boot_files_follow(c->settings.boot, &c->share);
	if (r == 0)
		report(c, generation, before, window);
	return r;
}

static int run(struct farm_context *c, const char *what)
{
	int r = farm_context_open_share(c);

	if (r == 0 && !c->share_options.to)
		c->share_options.to = CHANNEL_LIVE;
	if (r == 0 && !c->options.dry_run)
		r = share_lock(&c->share, "promote");
	if (r == 0 && !c->options.dry_run)
		r = share_resume(&c->share);
	return r == 0 ? promote(c, what) : r;
}

int cmd_share_promote(void *options, char **arguments)
{
	return farm_exit_status(run(options, arguments[0]));
}
