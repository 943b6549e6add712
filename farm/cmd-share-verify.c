/* xenfarm share verify: compare a generation with its manifest, and live/ with the current one. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "farm/output.h"
#include "farm/share/flip.h"
#include "farm/share/keys.h"
#include "farm/share/verify.h"
#include "farm/xenfarm.h"
#include "lib/cleanup.h"
#include "lib/exit.h"
#include "lib/json.h"
#include "lib/vis.h"

struct verifier {
	const struct farm_context *context;
	uint32_t generation;
	unsigned long differences;
	size_t channels; /* that are at it, and were compared with it */
	struct json_object *list;
};

static void differs(struct verifier *v, const char *where, const char *path, const char *how)
{
	AUTO_FREE char *text = vis_string(path);
	struct json_object *o = json_object_new_object();

	v->differences++;
	output_line("%s/%s: %s", where, text ? text : "?", how);
	json_object_object_add(o, "tree", json_object_new_string(where));
	json_object_object_add(o, "path", json_name(path));
	json_object_object_add(o, "difference", json_object_new_string(how));
	json_object_array_add(v->list, o);
}

static void differs_in_generation(const char *path, const char *how, void *arg)
{
	struct verifier *v = arg;

	differs(v, share_name("gen", v->generation, "").text, path, how);
}

static int verify_generation(struct verifier *v, const struct signature_key *key)
{
	const struct share_store *share = &v->context->share;
	AUTO_CLOSE int tree = share_open_generation(share, v->generation);

	return tree < 0 ? tree
			: verify_tree(share, v->generation, tree, 0, key, differs_in_generation, v);
}

static int verify_channel(struct verifier *v, const struct treelist *gen, const char *channel)
{
	static const char *const how[] = {
		[FLIP_PLACE] = "is missing, or not the generation's file",
		[FLIP_EXCHANGE] = "is of another type than in the generation",
		[FLIP_REMOVE] = "is not in the generation",
		[FLIP_REMOVE_DIR] = "is not in the generation",
		[FLIP_DIR] = "differs from the generation's in owner, mode or attributes",
		[FLIP_TIME] = "has not the time that the directory has in the generation",
	};
	AUTO_TREELIST struct treelist live = { 0 };
	AUTO_FLIP struct flip flip = { 0 };
	int r = share_plan(&v->context->share, channel, v->generation, gen, &live, &flip);

	for (size_t i = 0; i < flip.n && r == 0; i++)
		differs(v, channel_path(channel, PATH_LIVE).text, flip.op[i].path,
			how[flip.op[i].kind]);
	v->channels++;
	return r;
}

/* Those that are at the generation. */
static int verify_channels(struct verifier *v)
{
	AUTO_TREELIST struct treelist gen = { 0 };
	const struct share_store *share = &v->context->share;
	struct channel pending;
	int r = channel_read_pending(share, &pending);

	for (size_t i = 0; i < share->n_channels && r == 0; i++) {
		const struct channel *channel = &share->channel[i];

		if (channel->generation != v->generation)
			continue;
		if (pending.generation && strcmp(pending.name, channel->name) == 0)
			return -cli_error(EAGAIN,
				"%s/ is being changed to generation %u, or that was interrupted; "
				"the next publish, rollback or gc completes it",
				channel->name, pending.generation);
		if (gen.n == 0)
			r = share_read_generation(share, v->generation, &gen);
		if (r == 0)
			r = verify_channel(v, &gen, channel->name);
	}
	return r;
}

static int verify(struct verifier *v)
{
	const struct farm_context *c = v->context;
	struct signature_key *key = NULL;
	int r = farm_context_public_key(c, &key);

	if (r == 0)
		r = keys_check(&c->share, key);
	if (r == 0)
		r = verify_generation(v, key);
	signature_key_free(key);
	return r == 0 ? verify_channels(v) : r;
}

/* The generation to verify. */
static int choose(const struct farm_context *c, const char *argument, uint32_t *generation)
{
	*generation = argument ? farm_context_generation(c, argument) : c->share.current;
	if (!argument && !*generation)
		cli_error(0, "nothing has been published yet");
	return *generation ? 0 : -ENOENT;
}

static void report(const struct verifier *v)
{
	const struct share_store *share = &v->context->share;
	AUTO_BUF struct buf channels = { 0 };

	if (v->context->options.json)
		json_print(json_document("differences", json_object_get(v->list)));
	for (size_t i = 0; i < share->n_channels; i++)
		if (share->channel[i].generation == v->generation)
			buf_printf(&channels, "%s%s/", channels.size ? ", " : "",
				share->channel[i].name);
	buf_add(&channels, "", 1);
	if (v->differences)
		cli_error(0, "generation %u: %lu differences", v->generation, v->differences);
	else if (v->channels)
		output_line("generation %u matches its manifest, and %s match%s the generation",
			v->generation, channels.failed ? "" : channels.data,
			v->channels == 1 ? "es" : "");
	else
		output_line("generation %u matches its manifest", v->generation);
}

int cmd_share_verify(void *options, char **arguments)
{
	struct verifier v = { .context = options, .list = json_object_new_array() };
	int r = farm_context_open_share(options);

	if (r == 0)
		r = choose(v.context, arguments[0], &v.generation);
	if (r == 0)
		r = verify(&v);
	if (r == 0)
		report(&v);
	json_object_put(v.list);
	return r == 0 && v.differences ? EXIT_DIFFERENT : farm_exit_status(r);
}
