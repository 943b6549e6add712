/* verify: read every file, and list how they differ from what was applied. */
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "agent/command.h"
#include "agent/report.h"

struct verify {
	const struct run_inputs *in;
	struct json_object *list;
	unsigned long checked, different, unreadable;
};

/* Is something mounted on a directory above? Then what is below it is hidden. */
static bool is_hidden(const struct verify *v, const char *path)
{
	char above[PATH_MAX];
	const struct manifest_entry *e = NULL;

	snprintf(above, sizeof(above), "%s", path);
	for (char *slash; !e && (slash = strrchr(above, '/'));) {
		*slash = '\0';
		e = manifest_find(v->in->local, above);
	}
	return e && e->mountpoint;
}

static const char *difference(const struct verify *v, const struct manifest_entry *base,
	const struct manifest_entry *local)
{
	unsigned int differ;

	if (policies_find(v->in->policies, base->path, base->type == MANIFEST_DIR) == POLICY_IGNORE)
		return NULL;
	if (!local)
		return is_hidden(v, base->path) ? NULL : "missing";
	if (local->mountpoint || local->unread)
		return NULL;
	differ = manifest_compare(base, local);
	if (differ & MANIFEST_DIFF_TYPE)
		return "another kind of file";
	if (differ & MANIFEST_DIFF_CONTENT)
		return "changed";
	if (differ & ((local->type == MANIFEST_LINK ? 0 : MANIFEST_DIFF_MODE) |
			     MANIFEST_DIFF_OWNER | MANIFEST_DIFF_XATTR))
		return "owner, mode or attributes changed";
	return NULL;
}

static int note(struct verify *v, const char *path, const char *what)
{
	struct json_object *o;

	if (!v->list) {
		printf("%s  ", what);
		report_name(path, "\n");
		return 0;
	}
	o = json_object_new_object();
	json_object_object_add(o, "path", json_name(path));
	json_object_object_add(o, "what", json_object_new_string(what));
	return json_object_array_add(v->list, o);
}

static int compare(const struct manifest_entry *base, const struct manifest_entry *local, void *arg)
{
	struct verify *v = arg;
	const char *what;

	if (!base)
		return 0;
	v->checked++;
	if (local && local->error) {
		v->unreadable++;
		return note(v, base->path, strerror(local->error));
	}
	what = difference(v, base, local);
	v->different += what != NULL;
	return what ? note(v, base->path, what) : 0;
}

static enum agent_status load_base(const struct run *run, struct run_inputs *in)
{
	struct manifest_error error = { 0 };

	if (state_manifest(run->state, STATE_BASE, &in->base, &error) == 0)
		return AGENT_DONE;
	cli_error(0, "the base cannot be read: %s", error.rule ? error.rule : "damaged");
	return AGENT_REFUSED;
}

static enum agent_status verify(const struct run_inputs *in, const struct agent_options *options)
{
	struct verify v = { .in = in, .list = options->json ? json_object_new_array() : NULL };

	manifest_join(in->base, in->local, compare, &v);
	document_set("differences", json_object_get(v.list));
	document_set("read", json_object_new_int64((int64_t)v.checked));
	document_set("unreadable", json_object_new_int64((int64_t)v.unreadable));
	if (!v.list && !options->quiet)
		printf("%lu checked, %lu differ, %lu could not be read\n", v.checked, v.different,
			v.unreadable);
	json_object_put(v.list);
	return v.different || v.unreadable ? AGENT_DIFFERENT : AGENT_DONE;
}

int agent_command_verify(void *options, char **arguments)
{
	struct run_inputs in;
	struct run run;
	enum agent_status status = run_open(&run, &in, options, false);

	(void)arguments;
	status = status ? status : load_base(&run, &in);
	status = status ? status : run_scan(&run, &in, true);
	status = status ? status : verify(&in, options);
	run_close(&run, &in);
	return status;
}
