/* restarts: processes that still run a file that was replaced. */
#include <stdio.h>

#include "agent/command.h"
#include "agent/report.h"
#include "agent/run/restarts.h"

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

int agent_command_restarts(void *settings, char **arguments)
{
	const struct agent_options *options = settings;
	struct restarts s = { 0 };
	int r = restarts_find(&s);

	(void)arguments;
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
