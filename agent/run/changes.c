/* From the plan to the changes that carry it out: installs, merges, account rows, offers. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/merge/account-entries.h"
#include "agent/merge/merge-text.h"
#include "agent/merge/offers.h"
#include "agent/run/agent.h"
#include "agent/run/links.h"
#include "agent/transaction/inode.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"

#define ACCOUNTS_GROUP 1 /* changes of account files: all or none */

static size_t index_of(const struct agent *a, const struct plan_op *op)
{
	return (size_t)(op - a->plan->op);
}

static int add(struct agent *a, struct change change)
{
	return changes_add(&a->changes, &change) ? 0 : -ENOMEM;
}

static void defer(struct plan_op *op, const char *why, int error)
{
	op->action = PLAN_DEFER;
	op->next = PLAN_NEXT_OLD;
	op->why = why;
	op->error = error;
}

/* --- content that is made here --- */

/* A change that replaces op's file by these bytes; like has the metadata. */
static int add_bytes(struct agent *a, struct plan_op *op, const struct manifest_entry *like,
	struct buf *bytes, unsigned int group)
{
	const struct buf *kept = agent_keep_bytes(a, bytes);
	struct manifest_entry e = *like, *after;
	int r = kept ? digest_bytes(kept->data, kept->size, DIGEST_SHA256, &e.digest) : -ENOMEM;

	e.size = kept ? kept->size : 0;
	e.group = 0;
	e.nlink = 1;
	clock_gettime(CLOCK_REALTIME, &e.mtime);
	after = r < 0 ? NULL : manifest_add(a->made, &e);
	if (!after)
		return r < 0 ? r : -ENOMEM;
	return add(a, (struct change){ .kind = CHANGE_REPLACE,
			      .path = op->path,
			      .before = op->local,
			      .after = after,
			      .within = CHANGE_NONE,
			      .op = index_of(a, op),
			      .group = group,
			      .from = CHANGE_FROM_BYTES,
			      .data = kept->data });
}

/* Policy merge: what cannot be merged without conflicts is offered as ever. */
static int merge_content(struct agent *a, struct plan_op *op)
{
	AUTO_BUF struct buf mine = { 0 }, base = { 0 }, theirs = { 0 }, out = { 0 };
	int r;

	if (a->merged_path && strcmp(a->merged_path, op->path) == 0)
		return add_bytes(a, op, op->after, &a->merged, 0);
	r = agent_base_content(a, op->base, &base);
	r = r < 0 ? r : agent_content(a, a->generation, op->new, &theirs);
	r = r < 0 ? r : agent_local_content(a, op->local, &mine);
	r = r < 0 ? r : merge_text(&mine, &base, &theirs, &out);
	if (r == 0)
		return add_bytes(a, op, op->after, &out, 0);
	if (r == -ENOMEM)
		return r;
	op->action = PLAN_SIDE;
	op->next = PLAN_NEXT_OLD;
	return 0;
}

/* --- the trash, for a rollback --- */

static int by_path(const void *key, const void *member)
{
	const struct undone *u = member;

	return strcmp(key, u->path);
}

static const struct undone *find_undone(const struct agent *a, const char *path)
{
	const struct undo *undo = a->undo;

	return undo->n ? bsearch(path, undo->undone, undo->n, sizeof(*undo->undone), by_path)
		       : NULL;
}

/* --- accounts --- */

struct accounts_run {
	struct agent *agent;
	struct plan_op *op[ACCOUNT_FILES];
	struct buf base[ACCOUNT_FILES], local[ACCOUNT_FILES], new[ACCOUNT_FILES],
		merged[ACCOUNT_FILES];
	bool failed;
};

static bool has_clash(const struct conflicts *c, const char *path, const char *sentence)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->conflict[i].kind == CONFLICT_ACCOUNTS &&
			strcmp(c->conflict[i].path, path) == 0 &&
			strcmp(c->conflict[i].place, sentence) == 0)
			return true;
	return false;
}

static void note_clash(enum account_file kind, const char *sentence, void *arg)
{
	struct accounts_run *run = arg;
	struct agent *a = run->agent;
	struct conflict c = { CONFLICT_ACCOUNTS, .path = (char *)account_file_path(kind),
		.place = (char *)sentence, .generation = a->generation, .since = time(NULL) };

	if (!has_clash(&a->next, c.path, sentence) && !conflicts_add(&a->next, &c))
		run->failed = true;
}

/* A clash is told once, by the generation that brought it: it stands until it is resolved. */
static bool keep_clashes(struct agent *a)
{
	bool ok = true;

	for (size_t i = 0; ok && !a->undo && i < a->conflicts.n; i++)
		if (a->conflicts.conflict[i].kind == CONFLICT_ACCOUNTS)
			ok = conflicts_add(&a->next, &a->conflicts.conflict[i]);
	return ok;
}

static struct account_text text_of(const struct manifest_entry *e, const struct buf *b)
{
	return (struct account_text){ e ? b->data ? b->data : "" : NULL, b->size };
}

/* A rollback: base is what the record put in place, new what it replaced. */
static int undone_text(struct agent *a, const struct plan_op *op, struct buf *base, struct buf *new)
{
	const struct undone *u = find_undone(a, op->path);
	struct digest digest;
	AUTO_CLOSE int fd = u && u->put ? transaction_open_object(a->root, a->state, u->source,
						  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
					: -ENOENT;
	int r = fd < 0 ? fd : buf_read(new, fd, ACCOUNT_BYTES_MAX);

	r = r < 0 ? r : state_read_file(a->state, u->put, ACCOUNT_BYTES_MAX, base);
	r = r < 0 ? r : digest_bytes(base->data, base->size, DIGEST_SHA256, &digest);
	if (r == 0 && memcmp(digest.sha256, op->base->digest.sha256, 32) != 0)
		r = -EBADMSG;
	return r;
}

static int read_former_texts(
	struct accounts_run *run, struct account_input *in, enum account_file k)
{
	struct agent *a = run->agent;
	struct plan_op *op = plan_find(a->plan, account_file_path(k));
	int r = 0;

	run->op[k] = op;
	if (!op || !op->local || op->local->type != MANIFEST_FILE || op->local->error)
		return 0;
	r = agent_local_content(a, op->local, &run->local[k]);
	in->local[k] = text_of(r < 0 ? NULL : op->local, &run->local[k]);
	if (r == 0 && op->action == PLAN_MERGE_ACCOUNTS)
		r = undone_text(a, op, &run->base[k], &run->new[k]);
	if (r == 0 && op->action == PLAN_MERGE_ACCOUNTS) {
		in->base[k] = text_of(op->base, &run->base[k]);
		in->new[k] = text_of(op->new, &run->new[k]);
	}
	if (r < 0 && r != -ENOMEM && op->action == PLAN_MERGE_ACCOUNTS)
		defer(op, "it cannot be merged now", r == -ESTALE ? 0 : -r);
	return r == -ENOMEM ? r : 0;
}

/* What can be known of a kind's three texts; new's has to be, for a file that is to be merged. */
static int read_texts(struct accounts_run *run, struct account_input *in, enum account_file k)
{
	struct agent *a = run->agent;
	struct plan_op *op = plan_find(a->plan, account_file_path(k));
	int r = 0;

	run->op[k] = op;
	if (!op || (op->local && op->local->type != MANIFEST_FILE) ||
		(op->new && op->new->type != MANIFEST_FILE))
		return 0;
	if (op->base && op->base->type == MANIFEST_FILE &&
		agent_base_content(a, op->base, &run->base[k]) == 0)
		in->base[k] = text_of(op->base, &run->base[k]);
	if (op->local && !op->local->error && !op->local->unread) {
		r = agent_local_content(a, op->local, &run->local[k]);
		in->local[k] = text_of(r < 0 ? NULL : op->local, &run->local[k]);
	}
	if (r == 0 && op->new)
		r = agent_content(a, a->generation, op->new, &run->new[k]);
	if (r == 0)
		in->new[k] = text_of(op->new, &run->new[k]);
	if (r < 0 && r != -ENOMEM && op->action == PLAN_MERGE_ACCOUNTS) {
		defer(op, "it cannot be merged now", r == -ESTALE ? 0 : -r);
		r = 0;
	}
	return r == -ENOMEM ? r : 0;
}

static bool has_entries_to_write(const struct accounts_run *run, int k)
{
	const struct buf *local = &run->local[k], *merged = &run->merged[k];

	return merged->size != local->size ||
	       (local->size && memcmp(merged->data, local->data, local->size) != 0);
}

/* All changes of account files follow each other, as one group. */
static int add_account_changes(struct accounts_run *run)
{
	struct plan_op **op = run->op;
	int r = 0;

	for (int i = 0; r == 0 && i < ACCOUNT_FILES; i++) {
		int k = run->agent->undo ? ACCOUNT_FILES - 1 - i : i;

		if (op[k] && op[k]->action == PLAN_MERGE_ACCOUNTS &&
			(op[k]->meta & PLAN_META_TAKEN || has_entries_to_write(run, k)))
			r = add_bytes(
				run->agent, op[k], op[k]->after, &run->merged[k], ACCOUNTS_GROUP);
	}
	return r;
}

static bool account_entries_changed(const struct agent *a)
{
	for (int k = 0; k < ACCOUNT_FILES; k++) {
		const struct plan_op *op =
			plan_find(a->plan, account_file_path((enum account_file)k));

		if (op && op->action == PLAN_MERGE_ACCOUNTS)
			return true;
	}
	return false;
}

static void read_local(int root, enum account_file kind, struct buf *text)
{
	AUTO_CLOSE int fd =
		fsroot_open(root, account_file_path(kind), O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);

	if (fd < 0 || buf_read(text, fd, ACCOUNT_BYTES_MAX) < 0)
		text->size = 0;
}

/* By this client's own files; one that cannot be read gives no names. */
static struct ids *local_ids(int root)
{
	AUTO_BUF struct buf passwd = { 0 }, group = { 0 };

	read_local(root, ACCOUNT_PASSWD, &passwd);
	read_local(root, ACCOUNT_GROUP, &group);
	return ids_parse(passwd.data, passwd.size, group.data, group.size);
}

static int merge_accounts(struct agent *a)
{
	struct accounts_run *run;
	struct account_input in = { .clash = note_clash };
	int r = 0;

	if (!keep_clashes(a))
		return -ENOMEM;
	if (!account_entries_changed(a)) {
		a->owners = local_ids(a->root);
		return a->owners ? 0 : -ENOMEM;
	}
	run = calloc(1, sizeof(*run));
	if (!run)
		return -ENOMEM;
	run->agent = a;
	in.arg = run;
	for (int k = 0; r == 0 && k < ACCOUNT_FILES; k++)
		r = (a->undo ? read_former_texts : read_texts)(run, &in, (enum account_file)k);
	r = r < 0 ? r : (a->undo ? account_entries_undo : account_entries_merge)(&in, run->merged);
	if (r == 0 && a->undo) {
		a->owners = local_ids(a->root);
		r = a->owners ? 0 : -ENOMEM;
	} else if (r == 0) {
		const struct buf *passwd = &run->merged[ACCOUNT_PASSWD],
				 *group = &run->merged[ACCOUNT_GROUP];

		a->owners = ids_parse(passwd->data, passwd->size, group->data, group->size);
		r = a->owners ? 0 : -ENOMEM;
	}
	/* Groups before users before their passwords: at no moment refers a row to one that is not
	 * there. */
	r = r < 0 ? r : add_account_changes(run);
	if (r == 0 && run->failed)
		r = -ENOMEM;
	for (int k = 0; k < ACCOUNT_FILES; k++) {
		buf_free(&run->base[k]);
		buf_free(&run->local[k]);
		buf_free(&run->new[k]);
		buf_free(&run->merged[k]);
	}
	free(run);
	return r;
}

/* --- one op --- */

static int add_install(
	struct agent *a, struct plan_op *op, const struct links *links, const size_t *change_of)
{
	const char *target = links_target(a, links, op);
	struct change c = {
		.kind = op->local ? CHANGE_REPLACE : CHANGE_CREATE,
		.path = op->path,
		.before = op->local,
		.after = op->after,
		.within = op->cover == PLAN_NONE ? CHANGE_NONE : change_of[op->cover],
		.op = index_of(a, op),
		.source = op->path,
		.seen = a->local,
	};

	if (op->local && op->local->type == MANIFEST_SOCKET) {
		defer(op, "a program's socket is there", 0);
		return 0;
	}
	if (target) {
		c.from = CHANGE_FROM_LINK;
		c.source = target;
	}
	return add(a, c);
}

static int add_removal(struct agent *a, struct plan_op *op)
{
	return add(a, (struct change){ .kind = CHANGE_REMOVE,
			      .path = op->path,
			      .before = op->local,
			      .within = CHANGE_NONE,
			      .op = index_of(a, op),
			      .seen = a->local });
}

static int add_op(
	struct agent *a, struct plan_op *op, const struct links *links, const size_t *change_of)
{
	switch (op->action) {
	case PLAN_MERGE:
		return merge_content(a, op);
	case PLAN_INSTALL:
		return add_install(a, op, links, change_of);
	case PLAN_REMOVE:
		return op->cover == PLAN_NONE ? add_removal(a, op) : 0;
	case PLAN_NOP:
	case PLAN_ADOPT:
	case PLAN_KEEP:
	case PLAN_SIDE:
		return op->local ? links_add_change(a, links, op) : 0;
	default:
		return 0;
	}
}

static int add_ops(struct agent *a)
{
	AUTO_FREE size_t *change_of = calloc(a->plan->n + 1, sizeof(*change_of));
	struct links *links = links_new(a);
	int r = change_of && links ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < a->plan->n; i++) {
		change_of[i] = a->changes.n;
		r = add_op(a, &a->plan->op[i], links, change_of);
	}
	links_free(links);
	return r;
}

/* --- what is only noted --- */

static bool note(struct agent *a, enum conflict_kind kind, const struct plan_op *op)
{
	const struct conflict *old = conflicts_find(&a->conflicts, kind, op->path);

	return conflicts_add(
		&a->next, old ? old
			      : &(struct conflict){ kind, .path = (char *)op->path,
					.generation = a->generation, .since = time(NULL) });
}

static int note_others(struct agent *a)
{
	bool ok = true;

	for (size_t i = 0; ok && i < a->plan->n; i++) {
		const struct plan_op *op = &a->plan->op[i];

		/* What a rollback leaves as it is here is an edit of the former generation. */
		if (op->meta & PLAN_META_CONFLICT && !a->undo)
			ok = note(a, CONFLICT_META, op);
		if (op->action == PLAN_RELOCATED && op->cover == PLAN_NONE)
			ok = ok && note(a, CONFLICT_RELOCATED, op);
	}
	return ok ? 0 : -ENOMEM;
}

/* A rollback's contents are in the trash. */
static int undo_sources(struct agent *a)
{
	for (size_t i = 0; a->undo && i < a->changes.n; i++) {
		struct change *c = &a->changes.change[i];
		const struct undone *u;

		if (!c->after || c->after->type != MANIFEST_FILE || c->from != CHANGE_FROM_SHARE ||
			c->kind == CHANGE_META)
			continue;
		u = find_undone(a, c->source);
		if (!u)
			return -ENOENT;
		c->from = CHANGE_FROM_STATE;
		c->source = u->source;
	}
	return 0;
}

int agent_make_changes(struct agent *a)
{
	struct offers_input offers = { a->plan, a->local, a->pending, a->new, &a->conflicts,
		a->generation, time(NULL), NULL, a->undo != NULL };
	int r;

	a->made = manifest_new();
	if (!a->made)
		return -ENOMEM;
	offers.made = a->made;
	r = merge_accounts(a);
	r = r < 0 ? r : add_ops(a);
	r = r < 0 ? r : offers_settle(&offers, &a->changes, &a->next);
	r = r < 0 ? r : note_others(a);
	return r < 0 ? r : undo_sources(a);
}
