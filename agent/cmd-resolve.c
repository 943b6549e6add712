/* resolve PATH: the administrator's decision of a conflict. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/command.h"
#include "agent/fleet-report.h"
#include "agent/merge/account-entries.h"
#include "agent/merge/merge-edit.h"
#include "agent/report.h"
#include "agent/run/apply.h"
#include "agent/run/content.h"
#include "agent/run/triggers.h"
#include "lib/cleanup.h"

/* --- merging by hand --- */

/* Without a base, diff3 takes every difference for a conflict, which is resolved in the editor. */
static void read_base(const struct run *run, const struct plan_op *op, struct buf *base)
{
	int r = 0;

	if (op->base && op->base->type == MANIFEST_FILE)
		r = content_read_base(run, op->base, base);
	if (r == 0)
		return;
	base->size = 0;
	cli_error(0, "%s: the version that both are changes of is not available", op->path);
}

static int find_versions(
	const struct run_inputs *in, const char *path, struct fingerprint version[static 3])
{
	const struct manifest *list[3] = { in->base, in->local, in->new };
	int r = 0;

	for (int i = 0; r == 0 && i < 3; i++)
		r = fingerprint_of(list[i], path, &version[i]);
	return r;
}

static enum agent_status merge(const struct run *run, const struct run_inputs *in,
	const struct plan_op *op, struct buf *merged)
{
	AUTO_BUF struct buf mine = { 0 }, base = { 0 }, theirs = { 0 };
	struct merge_edit edit = { .state = run->state,
		.path = op->path,
		.mine = &mine,
		.base = &base,
		.theirs = &theirs,
		.tool = run->options->tool,
		.json = run->options->json };
	int r = find_versions(in, op->path, edit.version);

	r = r < 0 ? r : content_read(run, in->generation, op->new, &theirs);
	r = r < 0 ? r : content_read_local(run->root, op->local, &mine);
	if (r < 0) {
		cli_error(r, "%s cannot be merged", op->path);
		return AGENT_FAILED;
	}
	read_base(run, op, &base);
	return merge_edit(&edit, merged);
}

/* --- the decision --- */

static bool drop_clashes(struct conflicts *conflicts, const char *path)
{
	size_t kept = 0, before = conflicts->n;

	for (size_t i = 0; i < before; i++) {
		struct conflict *c = &conflicts->conflict[i];

		if (c->kind != CONFLICT_ACCOUNTS || strcmp(c->path, path) != 0) {
			conflicts->conflict[kept++] = *c;
			continue;
		}
		free(c->path);
		free(c->place);
	}
	conflicts->n = kept;
	return kept < before;
}

/* Clashes of account entries are resolved by editing the local file. */
static enum agent_status decide_clashes(int resolve, const char *path)
{
	if (resolve == PLAN_CHOICE_MINE)
		return AGENT_DONE;
	cli_error(0, "%s: edit its entries (vipw, vigr), then resolve it with --mine", path);
	return AGENT_USAGE;
}

static enum agent_status check_choice(
	enum plan_chosen chosen, const struct conflicts *conflicts, const char *path)
{
	switch (chosen) {
	case PLAN_CHOSEN:
		return AGENT_DONE;
	case PLAN_CHOSEN_NO_DIRECTORY:
		cli_error(0, "%s: its directory does not exist: make it first", path);
		return AGENT_REFUSED;
	case PLAN_CHOSEN_NO_TEXT:
		cli_error(0, "%s: only a text can be merged: use --mine or --theirs", path);
		return AGENT_USAGE;
	default:
		break;
	}
	if (conflicts_find(conflicts, CONFLICT_FORMER, path))
		cli_error(0, "%s: a former version is offered: move it over the file, or remove it",
			path);
	else
		cli_error(0, "%s is not in conflict; xf-agent conflicts lists what is", path);
	return AGENT_USAGE;
}

static enum agent_status decide(const struct run *run, struct run_inputs *in, const char *path,
	struct plan **plan, struct run_merged *merged)
{
	enum plan_choice choice = (enum plan_choice)run->options->resolve;
	enum agent_status status;

	if (account_file_is(path) && drop_clashes(&in->conflicts, path)) {
		status = run_plan(in, PLAN_CHOICE_NONE, NULL, plan);
		return status ? status : decide_clashes(choice, path);
	}
	status = run_plan(in, choice, path, plan);
	status = status ? status : check_choice((*plan)->chosen, &in->conflicts, path);
	if (status == AGENT_DONE && choice != PLAN_CHOICE_MINE)
		status = run_open_share(run);
	if (status || choice != PLAN_CHOICE_MERGE)
		return status;
	merged->path = path;
	return merge(run, in, plan_find(*plan, path), &merged->text);
}

/* --- the command --- */

/* If the path was deferred (a program is writing the file, …) it is still in conflict. */
static void forget_merge(const struct run *run, const struct outcome *outcome, const char *path)
{
	const struct plan_op *op = plan_find(outcome->plan, path);

	if (op && outcome_of(outcome, op)->action != PLAN_DEFER)
		merge_edit_forget(run->state, path);
}

static void report(
	const struct run *run, const struct run_inputs *in, const struct run_changes *changes)
{
	if (run->options->json)
		report_changes(run, in, changes, true);
	else if (!run->options->quiet)
		printf("%u conflicts pending\n", run->status.conflicts);
}

static enum agent_status resolve(struct run *run, struct run_inputs *in, const char *path)
{
	struct run_changes changes = { 0 };
	struct run_merged merged = { 0 };
	struct plan *plan = NULL;
	enum agent_status status = run_load(run, in);

	status = status ? status : run_scan(run, in, false);
	status = status ? status : decide(run, in, path, &plan, &merged);
	if (status)
		plan_free(plan);
	status = status ? status : run_prepare(run, in, plan, &merged, &changes);
	status = status ? status : run_apply(run, in, &changes);
	if (status == AGENT_DONE) {
		forget_merge(run, &changes.outcome, path);
		triggers_run(run->root, &run->status, &changes.made);
		report(run, in, &changes);
		status = run_left(run);
	}
	run_changes_free(&changes);
	buf_free(&merged.text);
	return status;
}

int agent_command_resolve(void *settings, char **arguments)
{
	const struct agent_options *options = settings;
	const char *path = arguments[0] + (arguments[0][0] == '/');
	enum agent_status status;
	struct run_inputs in;
	struct run run;

	if (!options->resolve) {
		cli_error(0, "resolve needs --mine, --theirs or --merge");
		return AGENT_USAGE;
	}
	status = run_open(&run, &in, options, true);
	in.generation = run.status.generation;
	in.whole = path;
	status = status ? status : resolve(&run, &in, path);
	fleet_report_write(&run, &in, status, false);
	run_close(&run, &in);
	return status;
}
