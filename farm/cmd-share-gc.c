/* xenfarm share gc: remove old generations that are not in use. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "farm/client/boot-files.h"
#include "farm/client/client.h"
#include "farm/output.h"
#include "farm/xenfarm.h"
#include "lib/cleanup.h"
#include "lib/json.h"

struct numbers {
	uint32_t *number;
	size_t n;
};

static bool has(const struct numbers *numbers, uint32_t number)
{
	for (size_t i = 0; i < numbers->n; i++)
		if (numbers->number[i] == number)
			return true;
	return false;
}

static bool in_use(const struct farm_context *c, const struct numbers *pins, uint32_t number)
{
	return farm_context_in_use(c, number) || has(pins, number);
}

/* The generations that were named: all or none. */
static int choose_named(const struct farm_context *c, char **arguments, const struct numbers *pins,
	struct numbers *chosen)
{
	for (char **text = arguments; *text; text++) {
		uint32_t number = farm_context_generation(c, *text);

		if (!number)
			return -ENOENT;
		if (number == c->share.current)
			return -cli_error(EBUSY,
				"generation %u is the current one: nothing was removed", number);
		if (in_use(c, pins, number))
			return -cli_error(EBUSY,
				"generation %u is in use, and its clients would lose their files: "
				"nothing was removed",
				number);
		if (!has(chosen, number))
			chosen->number[chosen->n++] = number;
	}
	return 0;
}

static void choose_old(
	const struct farm_context *c, const struct numbers *pins, struct numbers *chosen)
{
	uint32_t keep = c->share_options.keep ? c->share_options.keep : c->share_settings->keep;

	for (size_t i = 0; i + keep < c->share.n; i++) {
		uint32_t number = c->share.generation[i];

		if (number != c->share.current && !in_use(c, pins, number))
			chosen->number[chosen->n++] = number;
	}
}

static int remove_chosen(struct farm_context *c, const struct numbers *chosen)
{
	struct json_object *list = json_object_new_array();
	bool dry = c->options.dry_run;
	int r = 0;

	for (size_t i = 0; i < chosen->n && r == 0; i++) {
		if (!dry)
			r = share_remove_generation(&c->share, chosen->number[i]);
		if (r < 0)
			break;
		output_line("generation %u %s", chosen->number[i],
			dry ? "would be removed" : "removed");
		json_object_array_add(list, json_object_new_int64(chosen->number[i]));
	}
	if (r == 0 && chosen->n == 0)
		output_line("nothing to remove");
	if (r == 0 && c->options.json) {
		struct json_object *o = json_object_new_object();

		json_object_object_add(o, "removed", list);
		json_print(o);
	} else {
		json_object_put(list);
	}
	return r;
}

/* Where clients boot from this share, those that are pinned are asked for; --in-use does without.
 */
static int find_pins(struct farm_context *c, struct numbers *pins)
{
	int r;

	if (c->share_options.in_use || !boot_files_live(c->settings.boot, c->share.uuid))
		return 0;
	r = client_pins(c, c->share.uuid, &pins->number, &pins->n);
	if (r < 0)
		cli_error(0, "nothing was removed: a client may be pinned to an old generation; "
			     "--in-use "
			     "names those that are in use");
	return r;
}

static int collect(struct farm_context *c, char **arguments)
{
	AUTO_FREE uint32_t *number = NULL;
	struct numbers chosen = { 0 }, pins = { 0 };
	int r = farm_context_open_share(c);

	if (r == 0 && !c->options.dry_run)
		r = share_lock(&c->share, "gc");
	if (r == 0 && !c->options.dry_run)
		r = share_resume(&c->share);
	if (r == 0)
		r = find_pins(c, &pins);
	if (r < 0)
		return r;
	number = calloc(c->share.n + 1, sizeof(*number));
	if (!number)
		return cli_error(-ENOMEM, "gc");
	chosen.number = number;
	if (*arguments)
		r = choose_named(c, arguments, &pins, &chosen);
	else
		choose_old(c, &pins, &chosen);
	free(pins.number);
	return r < 0 ? r : remove_chosen(c, &chosen);
}

int cmd_share_gc(void *options, char **arguments)
{
	return farm_exit_status(collect(options, arguments));
}
