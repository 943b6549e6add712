/* plan, reconcile, boot: print what would be done, and do it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/command.h"
#include "agent/fleet-report.h"
#include "agent/report.h"
#include "agent/run/apply.h"
#include "agent/run/hooks.h"
#include "agent/run/triggers.h"

#define BOOT_LIMIT 100 /* seconds that a boot waits, if a generation was applied before */

/* Load, scan, plan and prepare. */
static enum agent_status prepare(
	const struct run *run, struct run_inputs *in, struct run_changes *changes)
{
	struct plan *plan = NULL;
	enum agent_status status = run_load(run, in);

	status = status ? status : run_scan(run, in, false);
	status = status ? status : run_plan(in, PLAN_CHOICE_NONE, NULL, &plan);
	return status ? status : run_prepare(run, in, plan, NULL, changes);
}

/* What would be pending afterwards. */
static void expect_status(struct run *run, const struct run_changes *changes)
{
	run->status.conflicts = conflicts_waiting(&changes->conflicts);
	run->status.deferred = outcome_deferred(&changes->outcome);
}

int agent_command_plan(void *options, char **arguments)
{
	struct run_changes changes = { 0 };
	struct run_inputs in;
	struct run run;
	enum agent_status status = run_open(&run, &in, options, false);

	(void)arguments;
	status = status ? status : run_current(&run, &in);
	status = status ? status : prepare(&run, &in, &changes);
	if (status == AGENT_DONE) {
		expect_status(&run, &changes);
		report_changes(&run, &in, &changes, false);
		status = run_left(&run);
	}
	run_changes_free(&changes);
	run_close(&run, &in);
	return status;
}

static void say(const struct agent_options *options, uint32_t generation, const char *what)
{
	document_set("to", json_object_new_int64(generation));
	document_set("done", json_object_new_boolean(true));
	document_append("paths", json_object_new_array());
	document_message(what);
	if (!options->json && !options->quiet)
		printf("generation %u: %s\n", generation, what);
}

/* If nothing is new and nothing is pending, the tree is not scanned. */
static bool is_settled(const struct run *run, uint32_t generation)
{
	const struct state_status *s = &run->status;

	if (run->options->again)
		return false;
	if (generation == s->rolled_back) {
		say(run->options, generation,
			"it was rolled back; to apply it again: xf-agent reconcile --again");
		return true;
	}
	if (generation != s->generation || s->deferred || s->conflicts)
		return false;
	say(run->options, generation, "nothing new");
	return true;
}

static enum agent_status reconcile(struct run *run, struct run_inputs *in)
{
	struct run_changes changes = { 0 };
	enum agent_status status = prepare(run, in, &changes);

	status = status ? status : hooks_run(run, in, &changes, HOOKS_PRE);
	if (status == AGENT_DONE) {
		if (in->generation != run->status.generation || run->options->again)
			run->status.rolled_back = 0;
		status = run_apply(run, in, &changes);
	}
	if (status == AGENT_DONE) {
		triggers_run(run->root, &run->status, &changes.made);
		hooks_run(run, in, &changes, HOOKS_POST);
		report_changes(run, in, &changes, true);
		status = run_left(run);
	}
	run_changes_free(&changes);
	return status;
}

#define TOO_SLOW "the share is too slow: what is missing is done after the boot"

/* Like any kill: the next run finishes or discards what was begun. */
static void too_late(int signal)
{
	static const char text[] = "xf-agent: " TOO_SLOW "\n",
			  json[] = "{\"command\":\"boot\",\"status\":11,\"messages\":[\"" TOO_SLOW
				   "\"]}\n";

	(void)signal;
	if (write(2, text, sizeof(text) - 1) < 0 ||
		(document_wanted() && write(1, json, sizeof(json) - 1) < 0))
		_exit(AGENT_FAILED);
	_exit(AGENT_DEFERRED);
}

static enum agent_status run_reconcile(const struct agent_options *options, bool booting)
{
	struct run_inputs in;
	struct run run;
	enum agent_status status = run_open(&run, &in, options, true);

	/* A blank root cannot boot before it is filled: there is no limit. */
	if (status == AGENT_DONE && booting && run.status.generation) {
		signal(SIGALRM, too_late);
		alarm(BOOT_LIMIT);
	}
	status = status ? status : run_current(&run, &in);
	if (status == AGENT_DONE)
		status = is_settled(&run, in.generation) ? run_left(&run) : reconcile(&run, &in);
	triggers_note_reboot(&run, &in);
	fleet_report_write(&run, &in, status, booting);
	run_close(&run, &in);
	return status;
}

int agent_command_reconcile(void *options, char **arguments)
{
	(void)arguments;
	return run_reconcile(options, false);
}

int agent_command_boot(void *options, char **arguments)
{
	(void)arguments;
	return run_reconcile(options, true);
}
