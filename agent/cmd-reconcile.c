/* plan, reconcile, boot: what would be done, and doing it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/command.h"
#include "agent/report.h"

#define BOOT_LIMIT \
	100 /* seconds that a boot waits for us, where there is something to run already */

int agent_command_plan(void *options, char **arguments)
{
	struct agent a;
	int r = agent_open(&a, options, false);

	(void)arguments;
	r = r ? r : agent_current(&a);
	r = r ? r : agent_look(&a);
	if (r == 0) {
		a.status.conflicts = conflicts_waiting(&a.next);
		a.status.deferred = 0;
		for (size_t i = 0; i < a.plan->n; i++)
			a.status.deferred += a.plan->op[i].action == PLAN_DEFER;
		report_plan(&a, false);
		r = agent_left(&a);
	}
	agent_close(&a);
	return r;
}

static void say(const struct agent *a, const char *what)
{
	document_set("to", json_object_new_int64(a->generation));
	document_set("done", json_object_new_boolean(true));
	document_append("paths", json_object_new_array());
	document_message(what);
	if (!a->options->json && !a->options->quiet)
		printf("generation %u: %s\n", a->generation, what);
}

/* With nothing new and nothing open there is nothing to look at, whatever the size of the tree. */
static int is_settled(const struct agent *a)
{
	if (a->options->again)
		return 0;
	if (a->generation == a->status.rolled_back) {
		say(a, "you went back from it; to apply it again: xf-agent reconcile --again");
		return 1;
	}
	if (a->generation != a->status.generation || a->status.deferred || a->status.conflicts)
		return 0;
	say(a, "nothing new");
	return 1;
}

static int reconcile(struct agent *a)
{
	int r = agent_look(a);

	if (r)
		return r;
	if (a->generation != a->status.generation || a->options->again)
		a->status.rolled_back = 0;
	r = agent_apply(a);
	if (r)
		return r;
	triggers_run(a, &a->changes);
	report_plan(a, true);
	return agent_left(a);
}

int agent_command_reconcile(void *options, char **arguments)
{
	struct agent a;
	int r = agent_open(&a, options, true);

	(void)arguments;
	r = r ? r : agent_current(&a);
	if (r == 0)
		r = is_settled(&a) ? agent_left(&a) : reconcile(&a);
	agent_close(&a);
	return r;
}

#define TOO_SLOW "the share is too slow: what is missing is done after the boot"

/* As any kill: the next run puts it in order. */
static void too_late(int signal)
{
	static const char text[] = "xf-agent: " TOO_SLOW "\n",
			  json[] = "{\"command\":\"boot\",\"status\":11,\"messages\":[\"" TOO_SLOW
				   "\"]}\n";

	(void)signal;
	if (write(2, text, sizeof(text) - 1) < 0 ||
		(document_wanted() && write(1, json, sizeof(json) - 1) < 0))
		_exit(EXIT_UNDONE);
	_exit(EXIT_DEFERRED);
}

int agent_command_boot(void *options, char **arguments)
{
	struct agent a;
	int r = agent_open(&a, options, true);

	(void)arguments;
	/* A blank root cannot be booted without: it takes what it takes. */
	if (r == 0 && a.status.generation) {
		signal(SIGALRM, too_late);
		alarm(BOOT_LIMIT);
	}
	r = r ? r : agent_current(&a);
	if (r == 0)
		r = is_settled(&a) ? agent_left(&a) : reconcile(&a);
	agent_close(&a);
	return r;
}
