/*
 * rollback [GENERATION]: undo transactions, the newest first, by the same decisions and the same
 * kind of transaction: base is what one put in place, new what it replaced. What the administrator
 * has edited since is kept, and the former version is offered.
 */
#include <errno.h>
#include <stdlib.h>

#include "agent/command.h"
#include "agent/fleet-report.h"
#include "agent/report.h"
#include "agent/run/apply.h"
#include "agent/run/triggers.h"
#include "agent/run/undo.h"
#include "agent/transaction/trash.h"
#include "lib/cleanup.h"

/* --- which records --- */

/* The record of a rollback, or of the first fill of a client, is not undone. */
static bool leads_up(const struct journal *j)
{
	return j->from && !j->undo;
}

static bool leads_above(const struct journal *j, uint32_t target)
{
	return leads_up(j) && j->to > target;
}

static bool led_to(const struct journal *j, uint32_t generation)
{
	return leads_up(j) && j->from < j->to && j->to == generation;
}

static bool is_older(const struct journal *j, uint32_t target)
{
	return !j->undo && j->to <= target;
}

static bool leads_anywhere(const struct journal *j, uint32_t generation)
{
	(void)generation;
	return leads_up(j);
}

static enum agent_status unreadable(uint32_t serial, int r)
{
	cli_error(r == -EBADMSG ? 0 : r,
		"the record trash/%u %s; remove it to roll back without it", serial,
		r == -EBADMSG ? "is damaged" : "cannot be read");
	return AGENT_REFUSED;
}

struct rollback_record {
	uint32_t serial, from, to; /* serial 0: there is none */
};

/* The newest record that fits. */
static enum agent_status find_record(int state,
	bool (*fits)(const struct journal *, uint32_t generation), uint32_t generation,
	struct rollback_record *found)
{
	AUTO_FREE uint32_t *all = NULL;
	size_t n;
	int r = trash_list(state, &all, &n);

	*found = (struct rollback_record){ 0 };
	if (r < 0) {
		cli_error(r, "trash in the state directory");
		return AGENT_REFUSED;
	}
	for (size_t i = n; found->serial == 0 && i-- > 0;) {
		struct journal j;

		r = trash_read(state, all[i], &j);
		if (r < 0)
			return unreadable(all[i], r);
		if (fits(&j, generation))
			*found = (struct rollback_record){ all[i], j.from, j.to };
		journal_free(&j);
	}
	return AGENT_DONE;
}

/* --- one record --- */

/* All of a past run is undone, whatever the policy is now. */
static enum agent_status load(const struct run *run, struct run_inputs *in, struct undo *undo)
{
	int r;

	policies_free(in->policies);
	in->policies = policies_new();
	in->undo = undo;
	r = in->policies ? undo_load(run, in, undo) : -ENOMEM;
	return r < 0 ? unreadable(undo->serial, r) : AGENT_DONE;
}

static enum agent_status prepare(
	const struct run *run, struct run_inputs *in, struct run_changes *changes)
{
	struct plan *plan = NULL;
	enum agent_status status = run_scan(run, in, false);

	status = status ? status : run_plan(in, PLAN_CHOICE_NONE, NULL, &plan);
	if (status)
		return status;
	if (!undo_sort_conflicts(in, &changes->conflicts)) {
		plan_free(plan);
		return AGENT_FAILED;
	}
	return run_prepare(run, in, plan, NULL, changes);
}

static enum agent_status undo_record(const struct agent_options *options, uint32_t serial)
{
	struct undo undo = { .serial = serial };
	struct run_changes changes = { 0 };
	struct run_inputs in;
	struct run run;
	enum agent_status status = run_open(&run, &in, options, true);

	status = status ? status : load(&run, &in, &undo);
	status = status ? status : prepare(&run, &in, &changes);
	status = status ? status : run_apply(&run, &in, &changes);
	if (status == AGENT_DONE) {
		undo_write_rest(run.state, &undo, &changes.outcome);
		triggers_run(run.root, &run.status, &changes.made);
		report_changes(&run, &in, &changes, true);
		status = run_left(&run);
	}
	run_changes_free(&changes);
	undo_free(&undo);
	fleet_report_write(&run, &in, status, false);
	run_close(&run, &in);
	return status;
}

/* --- which way a rollback goes --- */

struct course {
	uint32_t target;  /* the generation to go back to; 0: not known yet, or unknown */
	uint32_t reached; /* the generation that is applied */
	uint32_t serial;  /* the record to undo next; 0: none is left */
	bool whole;    /* the records reach back to target: a run that changed nothing has none */
	bool finished; /* one that was interrupted is finished now */
};

/* The generation of a rollback that is not finished; or the one before. */
static enum agent_status choose_target(int state, struct course *c)
{
	struct rollback_record last;
	enum agent_status status = find_record(state, leads_anywhere, 0, &last);

	c->target = last.from;
	if (status || (last.serial && last.from == c->reached && last.to > c->reached))
		return status;
	status = find_record(state, led_to, c->reached, &last);
	c->target = last.from;
	return status;
}

static enum agent_status choose_records(int state, struct course *c)
{
	struct rollback_record next = { 0 };
	enum agent_status status = c->target ? AGENT_DONE : choose_target(state, c);

	if (status == AGENT_DONE && c->target)
		status = find_record(state, leads_above, c->target, &next);
	c->serial = next.serial;
	if (status == AGENT_DONE && c->target && !next.serial)
		status = find_record(state, is_older, c->target, &next);
	c->whole = next.serial != 0;
	return status;
}

static enum agent_status choose(const struct agent_options *options, struct course *c)
{
	struct run_inputs in;
	struct run run;
	enum agent_status status = run_open(&run, &in, options, true);

	c->reached = run.status.generation;
	/* This rollback was interrupted, and is finished now: do not go back further. */
	c->finished = status == AGENT_DONE && run.recovered_undo && c->target == 0;
	c->serial = 0;
	c->whole = false;
	if (c->finished)
		status = run_left(&run);
	else if (status == AGENT_DONE)
		status = choose_records(run.state, c);
	run_close(&run, &in);
	return status;
}

static bool is_failure(enum agent_status status)
{
	return status != AGENT_DONE && status != AGENT_CONFLICTS && status != AGENT_DEFERRED;
}

/* The record of what is deferred is kept, and the next rollback tries again. */
static enum agent_status go_back(const struct agent_options *options, struct course *c)
{
	enum agent_status status = AGENT_DONE, chosen = AGENT_DONE;

	while (!is_failure(status) && status != AGENT_DEFERRED && chosen == AGENT_DONE &&
		c->serial) {
		status = undo_record(options, c->serial);
		chosen = is_failure(status) ? AGENT_DONE : choose(options, c);
	}
	if (chosen || is_failure(status) || c->reached <= c->target || (c->whole && !c->serial))
		return chosen ? chosen : status;
	cli_error(0, "stopped at generation %u, not %u: %s", c->reached, c->target,
		status == AGENT_DEFERRED ? "some paths were deferred; try again"
					 : "there is no record of what was before");
	return AGENT_DEFERRED;
}

int agent_command_rollback(void *options, char **arguments)
{
	struct course c = { 0 };
	enum agent_status status;
	char *end = NULL;

	if (arguments[0])
		c.target = (uint32_t)strtoul(arguments[0], &end, 10);
	if (end && (*end || c.target == 0)) {
		cli_error(0, "%s: not the number of a generation", arguments[0]);
		return AGENT_USAGE;
	}
	status = choose(options, &c);
	if (status || c.finished)
		return status;
	if (c.serial == 0) {
		cli_error(0, "there is no record of changes to undo");
		return AGENT_REFUSED;
	}
	return go_back(options, &c);
}
