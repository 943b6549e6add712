/* status, conflicts: what the last run recorded; no file is scanned. */
#include <stdio.h>

#include "agent/command.h"
#include "agent/report.h"

static void print_status(const struct run *run, uint32_t current)
{
	const struct state_status *s = &run->status;

	if (s->generation == 0)
		puts("nothing was applied yet");
	else
		printf("generation %u of share %s\n", s->generation, s->share);
	if (current && current != s->generation)
		printf("generation %u is available: see xf-agent plan\n", current);
	if (run->unfinished)
		puts("a run is at work, or was interrupted: the next one finishes it");
	if (s->rolled_back)
		printf("generation %u was rolled back\n", s->rolled_back);
	if (s->conflicts)
		printf("%u conflicts pending: see xf-agent conflicts\n", s->conflicts);
	if (s->deferred)
		printf("%u paths deferred: see xf-agent plan\n", s->deferred);
}

int agent_command_status(void *settings, char **arguments)
{
	const struct agent_options *options = settings;
	struct run_inputs in;
	struct run run;
	enum agent_status status = run_open(&run, &in, options, false);

	(void)arguments;
	/* The status of this client is printed even if the share cannot be reached. */
	if (status == AGENT_DONE && options->source)
		run_current(&run, &in);
	if (status == AGENT_DONE) {
		if (!options->json)
			print_status(&run, in.generation);
		status = run_left(&run);
	}
	run_close(&run, &in);
	return status;
}

int agent_command_conflicts(void *options, char **arguments)
{
	struct run_inputs in;
	struct run run;
	enum agent_status status = run_open(&run, &in, options, false);

	(void)arguments;
	if (status == AGENT_DONE) {
		report_conflicts(options, &in.conflicts);
		status = conflicts_waiting(&in.conflicts) ? AGENT_CONFLICTS : AGENT_DONE;
	}
	run_close(&run, &in);
	return status;
}
