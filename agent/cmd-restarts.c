/* restarts: processes that still run a file that was replaced. */
#include <limits.h>
#include <stdio.h>

#include "agent/command.h"
#include "agent/report.h"
#include "agent/run/restarts.h"
#include "lib/cleanup.h"

static void print_json(const struct restarts *s)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < s->n; i++) {
		struct json_object *u = json_object_new_object();

		json_object_object_add(u, "unit", json_name(s->user[i].unit));
		json_object_object_add(u, "pid", json_object_new_int(s->user[i].pid));
		json_object_object_add(u, "file", json_name(s->user[i].file));
		json_object_array_add(list, u);
	}
	document_set("restart", list);
	document_set("reboot", json_object_new_boolean(s->kernel != NULL));
	document_set("kernel", s->kernel ? json_name(s->kernel) : NULL);
}

static void print(const struct restarts *s)
{
	for (size_t i = 0; i < s->n; i++) {
		printf("%-32s %7d  ", s->user[i].unit, s->user[i].pid);
		report_name(s->user[i].file, "\n");
	}
	if (s->kernel)
		printf("reboot for kernel %s\n", s->kernel);
	else if (s->n == 0)
		puts("nothing to restart");
}

static void print_batch(const struct restarts *s)
{
	AUTO_BUF struct buf out = { 0 };

	restarts_batch(s, &out);
	if (!out.failed)
		fwrite(out.data, 1, out.size, stdout);
}

/* A generation is looked at if it is signed, and not older than the one applied. */
static enum agent_status open_generation(const struct agent_options *options, int *tree)
{
	char path[PATH_MAX];
	struct run_inputs in;
	struct run run;
	enum agent_status status = run_open(&run, &in, options, false);

	status = status ? status : run_current(&run, &in);
	status = status ? status : run_load(&run, &in);
	if (status == AGENT_DONE) {
		*tree = run_open_tree(&run, in.generation, path);
		if (*tree < 0)
			cli_error(*tree, "%s", path);
		status = *tree < 0 ? AGENT_UNREACHABLE : AGENT_DONE;
	}
	run_close(&run, &in);
	return status;
}

static enum agent_status find_restarts(const struct agent_options *options, int tree)
{
	struct restarts s = { 0 };
	int r = restarts_find(&s, tree);

	if (r < 0)
		cli_error(r, "/proc cannot be read");
	if (r == 0 && options->json)
		print_json(&s);
	else if (r == 0 && options->batch)
		print_batch(&s);
	else if (r == 0 && !options->quiet)
		print(&s);
	restarts_free(&s);
	return r < 0 ? AGENT_FAILED : AGENT_DONE;
}

int agent_command_restarts(void *settings, char **arguments)
{
	const struct agent_options *options = settings;
	enum agent_status status = AGENT_DONE;
	AUTO_CLOSE int tree = -1;

	(void)arguments;
	if (options->generation)
		status = open_generation(options, &tree);
	return status ? status : find_restarts(options, tree);
}
