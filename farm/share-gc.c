/* xenfarm share gc: old generations go, if nobody needs them. */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "farm/say.h"
#include "farm/xenfarm.h"
#include "lib/cleanup.h"

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

/* Numbers divided by commas. EXIT_USAGE after a message. */
static int parse_list(const char *text, struct numbers *numbers)
{
	AUTO_FREE char *copy = strdup(text);
	char *rest = copy, *word;

	numbers->number = calloc(strlen(text) + 1, sizeof(*numbers->number));
	if (!copy || !numbers->number)
		return failed(-ENOMEM, "--in-use");
	while ((word = strsep(&rest, ",")) != NULL) {
		uint32_t number = options_number(word);

		if (!number) {
			failed(-EPROTO, "--in-use %s: \"%s\" is no number of a generation", text,
				word);
			return EXIT_USAGE;
		}
		numbers->number[numbers->n++] = number;
	}
	return 0;
}

/* Those named: all of them, or none. */
static int choose_named(
	const struct context *c, const struct numbers *in_use, struct numbers *chosen)
{
	for (char **text = c->argument; *text; text++) {
		uint32_t number = argument_generation(c, *text);

		if (!number)
			return -ENOENT;
		if (number == c->share.current)
			return failed(-EPROTO,
				"generation %u is the current one: nothing was removed", number);
		if (has(in_use, number))
			return failed(-EPROTO,
				"generation %u is in use: its clients would lose the files that "
				"they run; "
				"nothing was removed",
				number);
		if (!has(chosen, number))
			chosen->number[chosen->n++] = number;
	}
	return 0;
}

static void choose_old(const struct context *c, const struct numbers *in_use, uint32_t keep,
	struct numbers *chosen)
{
	for (size_t i = 0; i + keep < c->share.n; i++) {
		uint32_t number = c->share.generation[i];

		if (number != c->share.current && !has(in_use, number))
			chosen->number[chosen->n++] = number;
	}
}

static int remove_chosen(struct context *c, const struct numbers *chosen)
{
	struct json_object *list = json_object_new_array();
	bool dry = c->options.dry_run;
	int r = 0;

	for (size_t i = 0; i < chosen->n && r == 0; i++) {
		if (!dry)
			r = share_remove_generation(&c->share, chosen->number[i]);
		if (r < 0)
			break;
		say("generation %u %s", chosen->number[i], dry ? "would be removed" : "removed");
		json_object_array_add(list, json_object_new_int64(chosen->number[i]));
	}
	if (r == 0 && chosen->n == 0)
		say("nothing to remove");
	if (r == 0 && c->options.json) {
		struct json_object *o = json_object_new_object();

		json_object_object_add(o, "removed", list);
		print_json(o);
	} else {
		json_object_put(list);
	}
	return r;
}

static int collect(struct context *c, const struct numbers *in_use, uint32_t keep)
{
	AUTO_FREE uint32_t *number = NULL;
	struct numbers chosen = { 0 };
	int r = c->options.dry_run ? 0 : share_lock(&c->share, "gc");

	if (r < 0)
		return r;
	number = calloc(c->share.n + 1, sizeof(*number));
	if (!number)
		return failed(-ENOMEM, "gc");
	chosen.number = number;
	if (*c->argument)
		r = choose_named(c, in_use, &chosen);
	else
		choose_old(c, in_use, keep, &chosen);
	return r < 0 ? r : remove_chosen(c, &chosen);
}

int share_gc(struct context *c)
{
	struct numbers in_use = { 0 };
	uint32_t keep = c->options.keep ? options_number(c->options.keep) : c->config.keep;
	int r = c->options.in_use ? parse_list(c->options.in_use, &in_use) : 0;

	if (r == 0 && !keep) {
		failed(-EPROTO, "--keep %s: at least one generation stays", c->options.keep);
		r = EXIT_USAGE;
	}
	if (r == 0)
		r = collect(c, &in_use, keep);
	free(in_use.number);
	return r;
}
