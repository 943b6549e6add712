/* xenfarm share rollback: clients go on with an older generation; or, after that, with a newer one.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>

#include "farm/flip.h"
#include "farm/say.h"
#include "farm/xenfarm.h"
#include "lib/cleanup.h"
#include "lib/vis.h"

static int preview(const struct context *c, uint32_t generation)
{
	AUTO_TREE struct tree live = { 0 }, gen = { 0 };
	AUTO_FLIP struct flip flip = { 0 };
	struct json_object *list = json_object_new_array();
	int r = share_plan(&c->share, generation, &live, &gen, &flip);

	for (size_t i = 0; i < flip.n; i++) {
		const char *kind = flip_kind_name(flip.op[i].kind);
		AUTO_FREE char *path = vis_string(flip.op[i].path);
		struct json_object *o = json_object_new_object();

		say("%s %s", kind, path ? path : "?");
		json_object_object_add(o, "do", json_object_new_string(kind));
		json_object_object_add(o, "path", json_object_new_string(path ? path : "?"));
		json_object_array_add(list, o);
	}
	if (r == 0 && c->options.json)
		print_json(json_object_get(list));
	json_object_put(list);
	return r;
}

static void report(const struct context *c, uint32_t generation, uint64_t window)
{
	struct json_object *o;

	say("generation %u is current; live/ changed over within %.1f ms", generation,
		(double)window / 1e6);
	if (!c->options.json)
		return;
	o = json_object_new_object();
	json_object_object_add(o, "generation", json_object_new_int64(generation));
	json_object_object_add(o, "window_ns", json_object_new_int64((int64_t)window));
	print_json(o);
}

int share_rollback(struct context *c)
{
	uint32_t generation = argument_generation(c, c->argument[0]);
	uint64_t window;
	int r;

	if (!generation)
		return -ENOENT;
	if (c->options.dry_run)
		return preview(c, generation);
	r = share_lock(&c->share, "rollback");
	/* What held before the lock may not hold now. */
	if (r == 0 && !argument_generation(c, c->argument[0]))
		r = -ENOENT;
	if (r == 0)
		r = share_switch(&c->share, generation, &window);
	if (r == 0)
		report(c, generation, window);
	return r;
}
