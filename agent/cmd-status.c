/* status, conflicts: what the last run left, without looking at a file. */
#include <stdio.h>

#include "agent/command.h"
#include "agent/report.h"

static void print_status(const struct agent *a)
{
	const struct state_status *s = &a->status;

	if (s->generation == 0)
		puts("nothing was applied yet");
	else
		printf("generation %u of share %s\n", s->generation, s->share);
	if (a->generation && a->generation != s->generation)
		printf("generation %u is there: xf-agent plan shows what it would change\n",
			a->generation);
	if (a->unfinished)
		puts("a run is not finished: it is at work, or it was cut off, and the next one "
		     "finishes it");
	if (s->rolled_back)
		printf("you went back from generation %u\n", s->rolled_back);
	if (s->conflicts)
		printf("%u conflicts pending: see xf-agent conflicts\n", s->conflicts);
	if (s->deferred)
		printf("%u could not be done: xf-agent plan says why\n", s->deferred);
}

int agent_command_status(void *settings, char **arguments)
{
	const struct agent_options *options = settings;
	struct agent a;
	int r = agent_open(&a, options, false);

	(void)arguments;
	/* That the share is away is no reason not to say what is here. */
	if (r == 0 && options->source)
		agent_current(&a);
	if (r == 0) {
		if (!options->json)
			print_status(&a);
		r = agent_left(&a);
	}
	agent_close(&a);
	return r;
}

int agent_command_conflicts(void *options, char **arguments)
{
	struct agent a;
	int r = agent_open(&a, options, false);

	(void)arguments;
	if (r == 0) {
		report_conflicts(&a, &a.conflicts);
		r = conflicts_waiting(&a.conflicts) ? EXIT_CONFLICTS : EXIT_SUCCESS;
	}
	agent_close(&a);
	return r;
}
