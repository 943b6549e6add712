/* The changes of account files: their texts are merged entry by entry, as one group. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/merge/account-entries.h"
#include "agent/run/changes.h"
#include "agent/run/content.h"
#include "agent/transaction/trash.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"

#define GROUP 1 /* of the changes: all or none */

struct accounts_run {
	const struct run *run;
	const struct run_inputs *in;
	struct run_changes *changes;
	const struct plan_op *op[ACCOUNT_FILES];
	struct buf base[ACCOUNT_FILES], local[ACCOUNT_FILES], new[ACCOUNT_FILES],
		merged[ACCOUNT_FILES];
	struct account_input input;
	bool failed; /* a clash could not be noted */
};

static bool is_file(const struct manifest_entry *e)
{
	return e && e->type == MANIFEST_FILE;
}

static bool is_merged(const struct accounts_run *a, const struct plan_op *op)
{
	return outcome_of(&a->changes->outcome, op)->action == PLAN_MERGE_ACCOUNTS;
}

/* --- clashes --- */

static bool has_clash(const struct conflicts *c, const char *path, const char *sentence)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->conflict[i].kind == CONFLICT_ACCOUNTS &&
			strcmp(c->conflict[i].path, path) == 0 &&
			strcmp(c->conflict[i].place, sentence) == 0)
			return true;
	return false;
}

static void note_clash(enum account_file file, const char *sentence, void *arg)
{
	struct accounts_run *a = arg;
	struct conflicts *conflicts = &a->changes->conflicts;
	const struct conflict c = { CONFLICT_ACCOUNTS, .path = (char *)account_file_path(file),
		.place = (char *)sentence, .generation = a->in->generation, .since = time(NULL) };

	if (!has_clash(conflicts, c.path, sentence) && !conflicts_add(conflicts, &c))
		a->failed = true;
}

/* A clash is reported once, by the generation that brought it, and stands until it is resolved. */
static bool keep_clashes(const struct run_inputs *in, struct conflicts *conflicts)
{
	bool ok = true;

	for (size_t i = 0; ok && !in->undo && i < in->conflicts.n; i++)
		if (in->conflicts.conflict[i].kind == CONFLICT_ACCOUNTS)
			ok = conflicts_add(conflicts, &in->conflicts.conflict[i]);
	return ok;
}

/* --- texts --- */

static struct account_text text_of(const struct manifest_entry *e, const struct buf *b)
{
	return (struct account_text){ e ? b->data ? b->data : "" : NULL, b->size };
}

/* A file that cannot be read is deferred, if it was to be merged. */
static int defer_unread(struct accounts_run *a, const struct plan_op *op, int r)
{
	if (r < 0 && r != -ENOMEM && is_merged(a, op))
		outcome_defer(
			&a->changes->outcome, op, "cannot be merged now", r == -ESTALE ? 0 : -r);
	return r == -ENOMEM ? r : 0;
}

static int read_local(struct accounts_run *a, enum account_file k)
{
	const struct manifest_entry *local = a->op[k]->local;
	int r = content_read_local(a->run->root, local, &a->local[k]);

	a->input.local[k] = text_of(r < 0 ? NULL : local, &a->local[k]);
	return r;
}

/* A file's three texts, as far as they are available. Without new's it is not merged. */
static int read_texts(struct accounts_run *a, enum account_file k)
{
	const struct plan_op *op = a->op[k];
	int r = 0;

	if ((op->local && !is_file(op->local)) || (op->new && !is_file(op->new)))
		return 0;
	if (is_file(op->base) && content_read_base(a->run, op->base, &a->base[k]) == 0)
		a->input.base[k] = text_of(op->base, &a->base[k]);
	if (op->local && !op->local->error && !op->local->unread)
		r = read_local(a, k);
	if (r == 0 && op->new)
		r = content_read(a->run, a->in->generation, op->new, &a->new[k]);
	if (r == 0)
		a->input.new[k] = text_of(op->new, &a->new[k]);
	return defer_unread(a, op, r);
}

/* A rollback: base is what the record put in place, new what it replaced. */
static int read_record(struct accounts_run *a, enum account_file k)
{
	const struct run *run = a->run;
	const struct plan_op *op = a->op[k];
	const struct undo_source *u = undo_find(a->in->undo, op->path);
	struct digest digest;
	AUTO_CLOSE int fd = u && u->put ? trash_open_object(run->root, run->state, u->source,
						  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
					: -ENOENT;
	int r = fd < 0 ? fd : buf_read(&a->new[k], fd, ACCOUNT_BYTES_MAX);

	r = r < 0 ? r : state_read_file(run->state, u->put, ACCOUNT_BYTES_MAX, &a->base[k]);
	r = r < 0 ? r : digest_bytes(a->base[k].data, a->base[k].size, DIGEST_SHA256, &digest);
	if (r == 0 && memcmp(digest.sha256, op->base->digest.sha256, 32) != 0)
		r = -EBADMSG;
	if (r < 0)
		return r;
	a->input.base[k] = text_of(op->base, &a->base[k]);
	a->input.new[k] = text_of(op->new, &a->new[k]);
	return 0;
}

static int read_former_texts(struct accounts_run *a, enum account_file k)
{
	const struct plan_op *op = a->op[k];
	int r;

	if (!is_file(op->local) || op->local->error)
		return 0;
	r = read_local(a, k);
	if (r == 0 && is_merged(a, op))
		r = read_record(a, k);
	return defer_unread(a, op, r);
}

static int read_all(struct accounts_run *a)
{
	int r = 0;

	for (int k = 0; r == 0 && k < ACCOUNT_FILES; k++)
		if (a->op[k])
			r = (a->in->undo ? read_former_texts : read_texts)(a, (enum account_file)k);
	return r;
}

/* --- changes --- */

static bool is_changed(const struct accounts_run *a, int k)
{
	const struct buf *local = &a->local[k], *merged = &a->merged[k];

	return merged->size != local->size ||
	       (local->size && memcmp(merged->data, local->data, local->size) != 0);
}

/*
 * Groups before users before their passwords, and back the other way: at no moment does an entry
 * refer to one that does not exist.
 */
static int add_changes(struct accounts_run *a)
{
	int r = 0;

	for (int i = 0; r == 0 && i < ACCOUNT_FILES; i++) {
		int k = a->in->undo ? ACCOUNT_FILES - 1 - i : i;
		const struct plan_op *op = a->op[k];

		if (op && is_merged(a, op) && (op->meta & PLAN_META_TAKEN || is_changed(a, k)))
			r = run_changes_add_bytes(a->changes, op, op->after, &a->merged[k], GROUP);
	}
	return r;
}

static void read_names(int root, enum account_file k, struct buf *text)
{
	AUTO_CLOSE int fd =
		fsroot_open(root, account_file_path(k), O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);

	if (fd < 0 || buf_read(text, fd, ACCOUNT_BYTES_MAX) < 0)
		text->size = 0;
}

/* From this client's own files; one that cannot be read gives no names. */
static struct ids *read_owners(int root)
{
	AUTO_BUF struct buf passwd = { 0 }, group = { 0 };

	read_names(root, ACCOUNT_PASSWD, &passwd);
	read_names(root, ACCOUNT_GROUP, &group);
	return ids_parse(passwd.data, passwd.size, group.data, group.size);
}

/* From the files as they will be. Owners of a rollback are numbers of this client already. */
static int find_owners(struct accounts_run *a)
{
	const struct buf *passwd = &a->merged[ACCOUNT_PASSWD], *group = &a->merged[ACCOUNT_GROUP];

	a->changes->owners =
		a->in->undo ? read_owners(a->run->root)
			    : ids_parse(passwd->data, passwd->size, group->data, group->size);
	return a->changes->owners ? 0 : -ENOMEM;
}

/* The master's text is the base of the next merge. */
static int keep_new(struct accounts_run *a)
{
	int r = 0;

	for (int k = 0; r == 0 && !a->in->undo && k < ACCOUNT_FILES; k++)
		if (a->op[k] && is_merged(a, a->op[k]))
			r = run_changes_keep_content(a->changes, a->op[k]->new, &a->new[k]);
	return r;
}

static int merge(struct accounts_run *a)
{
	int r = read_all(a);

	r = r < 0 ? r
		  : (a->in->undo ? account_entries_undo : account_entries_merge)(
			    &a->input, a->merged);
	r = r < 0 ? r : find_owners(a);
	r = r < 0 ? r : add_changes(a);
	r = r < 0 ? r : keep_new(a);
	return r == 0 && a->failed ? -ENOMEM : r;
}

static void free_accounts(struct accounts_run *a)
{
	for (int k = 0; k < ACCOUNT_FILES; k++) {
		buf_free(&a->base[k]);
		buf_free(&a->local[k]);
		buf_free(&a->new[k]);
		buf_free(&a->merged[k]);
	}
	free(a);
}

int run_changes_add_accounts(
	const struct run *run, const struct run_inputs *in, struct run_changes *changes)
{
	struct accounts_run *a = calloc(1, sizeof(*a));
	bool merges = false;
	int r;

	if (!a)
		return -ENOMEM;
	a->run = run;
	a->in = in;
	a->changes = changes;
	a->input.clash = note_clash;
	a->input.arg = a;
	for (int k = 0; k < ACCOUNT_FILES; k++) {
		a->op[k] = plan_find(changes->plan, account_file_path((enum account_file)k));
		merges |= a->op[k] && is_merged(a, a->op[k]);
	}
	r = keep_clashes(in, &changes->conflicts) ? 0 : -ENOMEM;
	if (r == 0 && merges) {
		r = merge(a);
	} else if (r == 0) {
		changes->owners = read_owners(run->root);
		r = changes->owners ? 0 : -ENOMEM;
	}
	free_accounts(a);
	return r;
}
