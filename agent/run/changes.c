#include "agent/run/changes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/merge/merge-text.h"
#include "agent/merge/offers.h"
#include "agent/run/content.h"
#include "agent/run/links.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

static size_t index_of(const struct run_changes *changes, const struct plan_op *op)
{
	return (size_t)(op - changes->plan->op);
}

static int add(struct run_changes *changes, const struct change *change)
{
	return changes_add(&changes->changes, change) ? 0 : -ENOMEM;
}

/* --- content that is made here --- */

int run_changes_keep_content(
	struct run_changes *changes, const struct manifest_entry *entry, struct buf *bytes)
{
	const void *data = bytes->data;

	if (!ARRAY_GROW(changes->content, changes->n_content) ||
		!changes_keep(&changes->changes, bytes))
		return -ENOMEM;
	changes->content[changes->n_content++] = (struct run_content){ entry, data };
	return 0;
}

int run_changes_content(
	const struct run_changes *changes, const struct manifest_entry *entry, struct buf *out)
{
	for (size_t i = 0; i < changes->n_content; i++) {
		const struct run_content *c = &changes->content[i];

		if (!plan_same_content(c->entry, entry))
			continue;
		buf_add(out, c->data, entry->size);
		return out->failed ? -ENOMEM : 0;
	}
	return -ENOENT;
}

int run_changes_add_bytes(struct run_changes *changes, const struct plan_op *op,
	const struct manifest_entry *like, struct buf *bytes, unsigned int group)
{
	const void *data = bytes->data;
	struct manifest_entry e = *like, *after;
	int r = digest_bytes(data, bytes->size, DIGEST_SHA256, &e.digest);

	e.size = bytes->size;
	e.group = 0;
	e.nlink = 1;
	clock_gettime(CLOCK_REALTIME, &e.mtime);
	after = r < 0 ? NULL : changes_entry(&changes->changes, &e);
	if (!after || !changes_keep(&changes->changes, bytes))
		return r < 0 ? r : -ENOMEM;
	return add(changes, &(struct change){ .kind = CHANGE_REPLACE,
				    .path = op->path,
				    .before = op->local,
				    .after = after,
				    .within = CHANGE_NONE,
				    .op = index_of(changes, op),
				    .group = group,
				    .from = CHANGE_FROM_BYTES,
				    .data = data });
}

static int read_versions(const struct run *run, const struct run_inputs *in,
	const struct plan_op *op, struct buf text[static 3])
{
	int r = content_read_base(run, op->base, &text[0]);

	r = r < 0 ? r : content_read(run, in->generation, op->new, &text[1]);
	return r < 0 ? r : content_read_local(run->root, op->local, &text[2]);
}

/* Policy merge: if the merge has conflicts, the new version is offered. */
static int add_merge(const struct run *run, const struct run_inputs *in,
	struct run_changes *changes, const struct plan_op *op)
{
	struct buf text[3] = { 0 };
	AUTO_BUF struct buf out = { 0 };
	int r = read_versions(run, in, op, text);

	r = r < 0 ? r : merge_text(&text[2], &text[0], &text[1], &out);
	if (r == 0)
		r = run_changes_keep_content(changes, op->new, &text[1]);
	for (int i = 0; i < 3; i++)
		buf_free(&text[i]);
	if (r == 0)
		return run_changes_add_bytes(changes, op, op->after, &out, 0);
	if (r == -ENOMEM)
		return r;
	outcome_offer(&changes->outcome, op);
	return 0;
}

/* --- one op --- */

static int add_install(const struct run_inputs *in, struct run_changes *changes,
	const struct plan_op *op, const struct links *links, const size_t *change_of)
{
	const char *target = links_target(links, op);
	struct change c = {
		.kind = op->local ? CHANGE_REPLACE : CHANGE_CREATE,
		.path = op->path,
		.before = op->local,
		.after = op->after,
		.within = op->cover == PLAN_NONE ? CHANGE_NONE : change_of[op->cover],
		.op = index_of(changes, op),
		.source = op->path,
		.seen = in->local,
	};

	if (op->local && op->local->type == MANIFEST_SOCKET) {
		outcome_defer(&changes->outcome, op, "a socket is in its place", 0);
		return 0;
	}
	if (target) {
		c.from = CHANGE_FROM_LINK;
		c.source = target;
	}
	return add(changes, &c);
}

static int add_removal(
	const struct run_inputs *in, struct run_changes *changes, const struct plan_op *op)
{
	return add(changes, &(struct change){ .kind = CHANGE_REMOVE,
				    .path = op->path,
				    .before = op->local,
				    .within = CHANGE_NONE,
				    .op = index_of(changes, op),
				    .seen = in->local });
}

static int add_ops(const struct run *run, const struct run_inputs *in, struct run_merged *merged,
	struct run_changes *changes)
{
	const struct plan *plan = changes->plan;
	AUTO_FREE size_t *change_of = calloc(plan->n + 1, sizeof(*change_of));
	struct links *links = links_new(&changes->outcome, in->local, run->root);
	int r = change_of && links ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < plan->n; i++) {
		const struct plan_op *op = &plan->op[i];

		change_of[i] = changes->changes.n;
		switch (outcome_of(&changes->outcome, op)->action) {
		case PLAN_MERGE:
			r = merged->path && strcmp(merged->path, op->path) == 0
				    ? run_changes_add_bytes(
					      changes, op, op->after, &merged->text, 0)
				    : add_merge(run, in, changes, op);
			break;
		case PLAN_INSTALL:
			r = add_install(in, changes, op, links, change_of);
			break;
		case PLAN_REMOVE:
			r = op->cover == PLAN_NONE ? add_removal(in, changes, op) : 0;
			break;
		case PLAN_NOP:
		case PLAN_ADOPT:
		case PLAN_KEEP:
		case PLAN_SIDE:
			r = op->local ? links_add_change(links, op, &changes->changes) : 0;
			break;
		default:
			break;
		}
	}
	links_free(links);
	return r;
}

/* --- what is only noted --- */

static bool note(const struct run_inputs *in, struct run_changes *changes, enum conflict_kind kind,
	const struct plan_op *op)
{
	const struct conflict *old = conflicts_find(&in->conflicts, kind, op->path);
	const struct conflict new = { kind, .path = (char *)op->path, .generation = in->generation,
		.since = time(NULL) };

	return conflicts_add(&changes->conflicts, old ? old : &new);
}

static int note_others(const struct run_inputs *in, struct run_changes *changes)
{
	bool ok = true;

	for (size_t i = 0; ok && i < changes->plan->n; i++) {
		const struct plan_op *op = &changes->plan->op[i];

		/* Where a rollback keeps local metadata, that is no conflict. */
		if (op->meta & PLAN_META_CONFLICT && !in->undo)
			ok = note(in, changes, CONFLICT_META, op);
		if (op->action == PLAN_RELOCATED && op->cover == PLAN_NONE)
			ok = ok && note(in, changes, CONFLICT_RELOCATED, op);
	}
	return ok ? 0 : -ENOMEM;
}

/* The contents of a rollback come from the trash. */
static int undo_sources(const struct undo *undo, struct changes *changes)
{
	for (size_t i = 0; undo && i < changes->n; i++) {
		struct change *c = &changes->change[i];
		const struct undo_source *u;

		if (!c->after || c->after->type != MANIFEST_FILE || c->from != CHANGE_FROM_SHARE ||
			c->kind == CHANGE_META)
			continue;
		u = undo_find(undo, c->source);
		if (!u)
			return -ENOENT;
		c->from = CHANGE_FROM_STATE;
		c->source = u->source;
	}
	return 0;
}

static int prepare(const struct run *run, const struct run_inputs *in, struct run_merged *merged,
	struct run_changes *changes)
{
	const struct offers_input offers = { &changes->outcome, in->local, in->pending, in->new,
		&in->conflicts, in->generation, time(NULL), in->undo != NULL };
	int r = outcome_begin(&changes->outcome, changes->plan) ? 0 : -ENOMEM;

	r = r < 0 ? r : run_changes_add_accounts(run, in, changes);
	r = r < 0 ? r : add_ops(run, in, merged, changes);
	r = r < 0 ? r : offers_settle(&offers, &changes->changes, &changes->conflicts);
	r = r < 0 ? r : note_others(in, changes);
	return r < 0 ? r : undo_sources(in->undo, &changes->changes);
}

enum agent_status run_prepare(const struct run *run, const struct run_inputs *in, struct plan *plan,
	struct run_merged *merged, struct run_changes *changes)
{
	struct run_merged none = { 0 };
	int r;

	changes->plan = plan;
	r = prepare(run, in, merged ? merged : &none, changes);
	if (r == 0)
		return AGENT_DONE;
	cli_error(r, "cannot plan");
	return AGENT_FAILED;
}

void run_changes_free(struct run_changes *changes)
{
	free(changes->content);
	journal_free(&changes->made);
	changes_free(&changes->changes);
	outcome_free(&changes->outcome);
	conflicts_free(&changes->conflicts);
	ids_free(changes->owners);
	plan_free(changes->plan);
	*changes = (struct run_changes){ 0 };
}
