/* resolve PATH: the administrator's decision of a conflict. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/command.h"
#include "agent/merge.h"
#include "agent/report.h"
#include "agent/rows.h"
#include "agent/run.h"
#include "lib/cleanup.h"
#include "lib/publish.h"

/* --- decisions --- */

static void set_below(struct plan *plan, struct op *op, bool theirs)
{
	size_t from, to, top = (size_t)(op - plan->op);

	plan_below(plan, op->path, &from, &to);
	for (size_t i = from; i < to; i++) {
		struct op *o = &plan->op[i];

		if (o->cover != top)
			continue;
		o->rest = o->new ? REST_NEW : REST_NONE;
		o->action = !theirs ? ACTION_KEEP : o->new ? ACTION_INSTALL : ACTION_REMOVE;
		o->after = theirs ? o->new : NULL;
	}
}

/* What is here stays, and is no conflict with this version of the master's any more. */
static void take_mine(struct agent *a, struct op *op)
{
	if (op->action == ACTION_SIDE || op->action == ACTION_SIDE_DEL ||
		op->action == ACTION_SIDE_TREE || op->action == ACTION_RELOCATED) {
		op->action = op->local ? ACTION_KEEP : ACTION_KEEP_DEL;
		op->after = NULL;
		set_below(a->plan, op, false);
	}
	op->rest = REST_NEW;
	op->settled = NULL;
	op->meta &= ~META_CONFLICT;
}

static int take_theirs(struct agent *a, struct op *op)
{
	if (op->action == ACTION_SIDE || op->action == ACTION_SIDE_DEL ||
		op->action == ACTION_SIDE_TREE || op->action == ACTION_RELOCATED) {
		if (op->action == ACTION_SIDE_DEL && !op->offerable) {
			complain(0, "%s: its folder is not there: make it first", op->path);
			return EXIT_REFUSED;
		}
		op->action = ACTION_INSTALL;
		set_below(a->plan, op, true);
	}
	op->rest = REST_NEW;
	op->settled = NULL;
	op->meta &= ~META_CONFLICT;
	op->after = op->new;
	return agent_source(a);
}

/* --- merging by hand --- */

static bool has_markers(const struct buf *b)
{
	const char *end = b->data + b->size;

	for (const char *line = b->data, *next; line && line < end; line = next + 1) {
		next = memchr(line, '\n', (size_t)(end - line));
		if (!next)
			next = end;
		if (next - line >= 7 &&
			(memcmp(line, "<<<<<<<", 7) == 0 || memcmp(line, ">>>>>>>", 7) == 0))
			return true;
	}
	return false;
}

static int write_work(int dir, const char *name, const struct buf *b)
{
	return publish_file(dir, name, 0600, b->data, b->size);
}

static int edit(const struct agent *a, const char *folder)
{
	const char *editor = getenv("VISUAL") ? getenv("VISUAL") : getenv("EDITOR");
	char path[4][PATH_MAX];
	static const char *const name[] = { "mine", "base", "theirs", "merged" };
	const char *with_tool[] = { a->options->tool, path[0], path[1], path[2], path[3], NULL };
	const char *with_editor[] = { editor ? editor : "vi", path[3], NULL };
	int r;

	for (int i = 0; i < 4; i++)
		snprintf(path[i], PATH_MAX, "%s/%s", folder, name[i]);
	r = run(a->options->tool ? with_tool : with_editor, -1, 0, 1);
	if (r)
		complain(r < 0 ? r : 0, "%s ended without a decision; what you wrote is kept in %s",
			a->options->tool ? a->options->tool : with_editor[0], path[3]);
	return r ? EXIT_CONFLICTS : 0;
}

static int read_work(int dir, struct buf *out)
{
	AUTO_CLOSE int fd = openat(dir, "merged", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	out->size = 0;
	return fd < 0 ? -errno : buf_read(out, fd, ROWS_BYTES_MAX);
}

/* The folder of this path's merge, which stays until it is done. */
static int work_folder(struct agent *a, const struct op *op, char folder[static PATH_MAX])
{
	struct fingerprint print;
	char name[40] = "merge/";

	if (fingerprint_of(a->new, op->path, &print) < 0)
		return -ENOMEM;
	for (int i = 0; i < 12; i++)
		snprintf(name + 6 + 2 * i, 3, "%02x", print.byte[i]);
	if ((mkdirat(a->state, "merge", 0700) < 0 && errno != EEXIST) ||
		(mkdirat(a->state, name, 0700) < 0 && errno != EEXIST))
		return -errno;
	snprintf(folder, PATH_MAX, "/proc/%d/fd/%d/%s", (int)getpid(), a->state, name);
	return openat(a->state, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The three texts, and what diff3 makes of them, unless an earlier try left something. */
static int prepare_work(struct agent *a, struct op *op, int dir, bool *clean)
{
	AUTO_BUF struct buf mine = { 0 }, base = { 0 }, theirs = { 0 }, out = { 0 };
	bool begun = faccessat(dir, "merged", F_OK, 0) == 0;
	int r = agent_content(a, a->generation, op->new, &theirs);

	r = r < 0 ? r : agent_local_content(a, op->local, &mine);
	if (r < 0)
		return r;
	if (!op->base || agent_content(a, a->status.generation, op->base, &base) < 0)
		base.size = 0;
	r = merge(&mine, &base, &theirs, &out);
	*clean = r == 0 && !begun;
	r = r < 0 ? r : write_work(dir, "mine", &mine);
	r = r < 0 ? r : write_work(dir, "base", &base);
	r = r < 0 ? r : write_work(dir, "theirs", &theirs);
	return r < 0 || begun ? r : write_work(dir, "merged", &out);
}

static int take_merge(struct agent *a, struct op *op)
{
	char folder[PATH_MAX];
	AUTO_CLOSE int dir = -1;
	bool clean = false;
	int r;

	if (op->action != ACTION_SIDE || op->new->type != MANIFEST_FILE ||
		op->local->type != MANIFEST_FILE) {
		complain(0, "%s: only a text can be merged: use --mine or --theirs", op->path);
		return EXIT_USAGE;
	}
	r = agent_source(a);
	if (r)
		return r;
	r = dir = work_folder(a, op, folder);
	r = r < 0 ? r : prepare_work(a, op, dir, &clean);
	if (r < 0) {
		complain(r, "%s cannot be merged", op->path);
		return EXIT_UNDONE;
	}
	r = clean && !a->options->tool ? 0 : edit(a, folder);
	if (r)
		return r;
	if (read_work(dir, &a->merged) < 0 || has_markers(&a->merged)) {
		complain(0, "%s: there are conflict markers left; run this again to go on",
			op->path);
		return EXIT_CONFLICTS;
	}
	op->action = ACTION_MERGE;
	op->rest = REST_NEW;
	op->settled = NULL;
	op->after = op->local;
	a->merged_path = op->path;
	return 0;
}

/* --- the command --- */

static bool drop_clashes(struct agent *a, const char *path)
{
	size_t kept = 0, before = a->conflicts.n;

	for (size_t i = 0; i < before; i++) {
		struct conflict *c = &a->conflicts.conflict[i];

		if (c->kind != CONFLICT_ROWS || strcmp(c->path, path) != 0) {
			a->conflicts.conflict[kept++] = *c;
			continue;
		}
		free(c->path);
		free(c->place);
	}
	a->conflicts.n = kept;
	return kept < before;
}

static bool is_conflict(const struct op *op)
{
	return op->new && op->cover == PLAN_NONE &&
	       (op->action == ACTION_SIDE || op->action == ACTION_SIDE_DEL ||
		       op->action == ACTION_SIDE_TREE || op->action == ACTION_RELOCATED ||
		       op->meta & META_CONFLICT);
}

static int decide(struct agent *a, const char *path)
{
	struct op *op = plan_find(a->plan, path);

	if (rows_is_account_file(path) && drop_clashes(a, path)) {
		if (a->options->resolve == RESOLVE_MINE)
			return 0;
		complain(0, "%s: edit its rows (vipw, vigr), then resolve it with --mine", path);
		return EXIT_USAGE;
	}
	if (!op || !is_conflict(op)) {
		complain(0, "%s is not in conflict; xf-agent conflicts lists what is", path);
		return EXIT_USAGE;
	}
	switch (a->options->resolve) {
	case RESOLVE_MINE:
		take_mine(a, op);
		return 0;
	case RESOLVE_THEIRS:
		return take_theirs(a, op);
	default:
		return take_merge(a, op);
	}
}

int command_resolve(const struct options *options, char **arguments)
{
	const char *path = arguments[0] + (arguments[0][0] == '/');
	struct agent a;
	int r;

	if (!options->resolve) {
		complain(0, "resolve needs --mine, --theirs or --merge");
		return EXIT_USAGE;
	}
	r = agent_open(&a, options, true);
	a.generation = a.status.generation;
	a.whole = path;
	r = r ? r : agent_load(&a);
	r = r ? r : agent_scan(&a, false);
	r = r ? r : agent_decide(&a);
	r = r ? r : decide(&a, path);
	r = r ? r : agent_prepare(&a);
	r = r ? r : agent_apply(&a);
	if (r == 0) {
		derive(&a);
		if (!options->quiet && !options->json)
			printf("%u wait for you\n", a.status.conflicts);
		r = agent_left(&a);
	}
	agent_close(&a);
	return r;
}
