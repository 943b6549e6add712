/* xenfarm share gc: remove old generations that are not in use. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "farm/client/uses.h"
#include "farm/fleet/verdict.h"
#include "farm/output.h"
#include "farm/promotion.h"
#include "farm/results.h"
#include "farm/share/in-use.h"
#include "farm/xenfarm.h"
#include "lib/array.h"
#include "lib/cleanup.h"

/* --- what is in use --- */

static int use_channels(struct farm_context *c, struct in_use *in_use)
{
	const struct share_store *share = &c->share;
	int r = 0;

	for (size_t i = 0; i < share->n_channels && r == 0; i++)
		if (share->channel[i].generation)
			r = in_use_add(in_use, share->channel[i].generation, "channel %s",
				share->channel[i].name);
	return r;
}

static int use_named(struct farm_context *c, struct in_use *in_use)
{
	int r = 0;

	for (size_t i = 0; i < c->share.n && r == 0; i++)
		if (farm_context_in_use(c, c->share.generation[i]))
			r = in_use_add(in_use, c->share.generation[i], "--in-use");
	return r;
}

/* Also one that has been unpinned and was not started since. --in-use does without asking. */
static int use_pins(struct farm_context *c, struct in_use *in_use)
{
	AUTO_CLIENT_USES struct client_uses uses = { 0 };
	int r = c->share_options.in_use ? 0 : client_uses_read(c, c->share.uuid, &uses);

	if (r < 0)
		cli_error(0, "nothing was removed: a client may be pinned to an old generation; "
			     "--in-use names those that are in use");
	for (size_t i = 0; i < uses.n && r == 0; i++)
		if (uses.use[i].pin)
			r = in_use_add(in_use, uses.use[i].pin, "%s by %s",
				uses.use[i].runs ? "run" : "pinned", uses.use[i].client);
	return r;
}

/* What clients run is asked from them; one that does not answer keeps what it had last. */
static int use_applied(struct farm_context *c, struct in_use *in_use)
{
	if (c->share_options.in_use || !client_uses_exist(c, c->share.uuid))
		return 0;
	return verdict_in_use(c, in_use);
}

static in_use_fn *const askers[] = { use_channels, use_pins, use_applied, use_named,
	promotion_in_use };

static int find_in_use(struct farm_context *c, struct in_use *in_use)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(askers) && r == 0; i++)
		r = askers[i](c, in_use);
	return r;
}

/* --- what is removed --- */

struct chosen {
	uint32_t *number;
	size_t n;
};

static bool has(const struct chosen *chosen, uint32_t number)
{
	for (size_t i = 0; i < chosen->n; i++)
		if (chosen->number[i] == number)
			return true;
	return false;
}

/* The generations that were named: all or none. */
static int choose_named(const struct farm_context *c, char **arguments, const struct in_use *in_use,
	struct chosen *chosen)
{
	for (char **text = arguments; *text; text++) {
		const char *reasons;
		uint32_t number;

		results_of(*text);
		number = farm_context_generation(c, *text);
		reasons = number ? in_use_reasons(in_use, number) : NULL;
		if (!number)
			return -ENOENT;
		if (reasons)
			return -cli_error(EBUSY,
				"generation %u is in use (%s), and its clients would lose their "
				"files: nothing was removed",
				number, reasons);
		if (!has(chosen, number))
			chosen->number[chosen->n++] = number;
	}
	return 0;
}

/* The newest may be staged, and is kept in any case. */
static void choose_old(
	const struct farm_context *c, const struct in_use *in_use, struct chosen *chosen)
{
	uint32_t keep = c->share_options.keep ? c->share_options.keep : c->share_settings->keep;

	for (size_t i = 0; i + keep < c->share.n && i + 1 < c->share.n; i++) {
		uint32_t number = c->share.generation[i];
		const char *reasons = in_use_reasons(in_use, number);
		char name[16];

		if (!reasons) {
			chosen->number[chosen->n++] = number;
			continue;
		}
		output_line("generation %u kept: %s", number, reasons);
		snprintf(name, sizeof(name), "%u", number);
		results_already(name);
		results_state(name, "kept");
		results_text(name, "reasons", reasons);
	}
}

static int remove_chosen(struct farm_context *c, const struct chosen *chosen)
{
	bool dry = c->options.dry_run;
	int r = 0;

	for (size_t i = 0; i < chosen->n && r == 0; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%u", chosen->number[i]);
		results_of(name);
		if (!dry)
			r = share_remove_generation(&c->share, chosen->number[i]);
		if (r < 0)
			break;
		output_line("generation %u %s", chosen->number[i],
			dry ? "would be removed" : "removed");
		results_state(name, "removed");
	}
	results_of(NULL);
	if (r == 0 && chosen->n == 0)
		output_line("nothing to remove");
	return r;
}

static int choose(struct farm_context *c, char **arguments, struct chosen *chosen)
{
	AUTO_IN_USE struct in_use in_use = { 0 };
	int r = find_in_use(c, &in_use);

	if (r == 0 && *arguments)
		r = choose_named(c, arguments, &in_use, chosen);
	else if (r == 0)
		choose_old(c, &in_use, chosen);
	return r;
}

static int collect(struct farm_context *c, char **arguments)
{
	AUTO_FREE uint32_t *number = NULL;
	struct chosen chosen = { 0 };
	int r = farm_context_open_share(c);

	if (r == 0 && !c->options.dry_run)
		r = share_lock(&c->share, "gc");
	if (r == 0 && !c->options.dry_run)
		r = share_resume(&c->share);
	if (r == 0) {
		number = calloc(c->share.n + 1, sizeof(*number));
		chosen.number = number;
		r = number ? choose(c, arguments, &chosen) : cli_error(-ENOMEM, "gc");
	}
	if (r == 0)
		r = remove_chosen(c, &chosen);
	return r;
}

int cmd_share_gc(void *options, char **arguments)
{
	return farm_context_change(options, "share gc", collect, arguments);
}
