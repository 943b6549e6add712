/* status, conflicts: what the last run recorded; no file is scanned. */
#include <stdio.h>

#include "agent/command.h"
#include "agent/monitor.h"
#include "agent/report.h"
#include "agent/run/restarts.h"
#include "lib/cleanup.h"

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

static int print_monitor(const struct run *run, uint32_t current, enum agent_status opened,
	enum agent_status reached)
{
	AUTO_BUF struct buf line = { 0 };
	struct restarts restarts = { 0 };
	char path[PATH_MAX];
	AUTO_CLOSE int tree = run_open_tree(run, current, path);
	int found = opened == AGENT_DONE ? restarts_find(&restarts, tree) : 0;
	enum monitor_status status = monitor_line(
		&(struct monitor_facts){
			.readable = opened == AGENT_DONE && run->state >= 0 && found == 0,
			.reached = reached == AGENT_DONE,
			.generation = run->status.generation,
			.current = current,
			.unfinished = run->unfinished,
			.rolled_back = run->status.rolled_back,
			.conflicts = run->status.conflicts,
			.deferred = run->status.deferred,
			.restarts = restarts.n,
			.kernel = restarts.kernel,
		},
		&line);

	if (!line.failed)
		fwrite(line.data, 1, line.size, stdout);
	restarts_free(&restarts);
	return line.failed ? MONITOR_UNKNOWN : status;
}

int agent_command_status(void *settings, char **arguments)
{
	const struct agent_options *options = settings;
	struct run_inputs in;
	struct run run;
	enum agent_status status = run_open(&run, &in, options, false), reached = AGENT_DONE;
	int result = status;

	(void)arguments;
	/* The status of this client is printed even if the share cannot be reached. */
	if (status == AGENT_DONE && options->source)
		reached = run_current(&run, &in);
	if (options->monitor) {
		result = print_monitor(&run, in.generation, status, reached);
	} else if (status == AGENT_DONE) {
		if (!options->json)
			print_status(&run, in.generation);
		result = run_left(&run);
	}
	run_close(&run, &in);
	return result;
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
