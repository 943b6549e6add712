/*
 * The second half of a transaction: changes are made, and each is checked afterwards; then the
 * records. It is called by a run after staging, and after a kill by the next run: each change finds
 * out whether it was made already.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/transaction/inode.h"
#include "agent/transaction/pwd-lock.h"
#include "agent/transaction/transaction.h"
#include "lib/cleanup.h"
#include "lib/treescan.h"

#define CHANGED "it was changed during the run"
#define WRITTEN "a program has it open for writing"

static void defer(struct journal_record *c, const char *why, int error)
{
	c->deferred = true;
	c->why = why;
	c->error = error;
}

static void defer_error(struct journal_record *c, int error)
{
	defer(c,
		error == EEXIST   ? "created during the run"
		: error == ENOENT ? "removed during the run"
		: error == EXDEV  ? "it lies on another file system"
				  : "cannot be changed",
		error == EEXIST || error == ENOENT || error == EXDEV ? 0 : error);
}

/* --- what was replaced --- */

static bool same(const struct manifest_entry *a, const struct manifest_entry *b)
{
	return b && (manifest_compare(a, b) & ~MANIFEST_DIFF_TIME) == 0;
}

/* The replaced directory and all in it is what the plan saw: every path, and no more. */
static bool tree_is_as_seen(
	const struct transaction *t, const struct journal_record *c, const char *number)
{
	const struct treescan_options options = { .digests = DIGEST_SHA256 };
	AUTO_CLOSE int fd = openat(
		transaction_objects(t, c), number, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_MANIFEST struct manifest *is = NULL;
	char path[2 * PATH_MAX];
	unsigned long errors;
	size_t from, to;

	if (fd < 0 || treescan(fd, &options, &is, &errors) < 0 || errors)
		return false;
	snprintf(path, sizeof(path), "%s.before", number);
	manifest_below(t->journal.entries, path, &from, &to);
	if (is->n != to - from + 1)
		return false;
	for (size_t i = 0; i < is->n; i++) {
		const char *rest = is->entry[i]->path;

		snprintf(path, sizeof(path), "%s.before%s%s", number, *rest ? "/" : "", rest);
		if (!same(is->entry[i], manifest_find(t->journal.entries, path)))
			return false;
	}
	return true;
}

static bool is_as_seen(
	const struct transaction *t, const struct journal_record *c, const char *number)
{
	int dir = transaction_objects(t, c);

	if (c->before->type == MANIFEST_DIR)
		return tree_is_as_seen(t, c, number);
	return inode_matches(dir, number, c->before, INODE_CONTENT | INODE_MODE) == 1 &&
	       !(c->before->type == MANIFEST_FILE && inode_is_written(dir, number));
}

/* --- changes --- */

/* Is name in dir the inode that was staged? Returns 1, 0, or -errno. */
static int is_ours(int dir, const char *name, const struct journal_record *c)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return st.st_ino == c->ino;
}

static int exchange(int a, const char *x, int b, const char *y)
{
	return renameat2(a, x, b, y, RENAME_EXCHANGE) < 0 ? -errno : 0;
}

/*
 * Undo an exchange, if the file in place is still the one that was staged. If another process has
 * replaced it in between, its file stays, and the former one stays in the trash.
 */
static void put_back(
	const struct transaction *t, const struct journal_record *c, int parent, const char *name)
{
	struct journal_number number = journal_number(c->number);
	int dir = transaction_objects(t, c);

	if (is_ours(parent, name, c) != 1 ||
		(c->after->type != MANIFEST_DIR &&
			inode_matches(parent, name, c->after, INODE_CONTENT) != 1))
		return;
	if (exchange(dir, number.text, parent, name) == 0 && is_ours(dir, number.text, c) != 1)
		exchange(dir, number.text, parent, name);
}

static void replace(struct transaction *t, struct journal_record *c, int parent, const char *name)
{
	struct journal_number number = journal_number(c->number);
	int dir = transaction_objects(t, c), r = is_ours(dir, number.text, c);

	if (r == 1 && c->before->type == MANIFEST_FILE && inode_is_written(parent, name)) {
		defer(c, WRITTEN, 0);
		return;
	}
	if (r == 1)
		r = exchange(dir, number.text, parent, name);
	if (r < 0) {
		defer_error(c, -r);
	} else if (!is_as_seen(t, c, number.text)) {
		put_back(t, c, parent, name);
		defer(c, CHANGED, 0);
	}
}

static void create(struct transaction *t, struct journal_record *c, int parent, const char *name)
{
	struct journal_number number = journal_number(c->number);
	int dir = transaction_objects(t, c), r = 0;

	if (renameat2(dir, number.text, parent, name, RENAME_NOREPLACE) < 0)
		r = -errno;
	/* If it is not under its number, it is in place. */
	if (r < 0 && (r != -ENOENT || is_ours(dir, number.text, c) != -ENOENT))
		defer_error(c, -r);
}

static void take_away(struct transaction *t, struct journal_record *c, int parent, const char *name)
{
	struct journal_number number = journal_number(c->number);
	int dir = transaction_objects(t, c);

	/* If the number is taken, it was removed before a kill, and not checked yet. */
	if (faccessat(dir, number.text, F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
		if (c->before->type == MANIFEST_FILE && inode_is_written(parent, name)) {
			defer(c, WRITTEN, 0);
			return;
		}
		if (renameat2(parent, name, dir, number.text, RENAME_NOREPLACE) < 0) {
			/* It is removed already. */
			if (errno != ENOENT)
				defer_error(c, errno);
			return;
		}
	}
	if (!is_as_seen(t, c, number.text)) {
		renameat2(dir, number.text, parent, name, RENAME_NOREPLACE);
		defer(c, CHANGED, 0);
	}
}

static void set_metadata(
	struct transaction *t, struct journal_record *c, int parent, const char *name)
{
	int r = inode_matches(parent, name, c->before, INODE_MODE);

	if (r == 1)
		r = inode_set_metadata(parent, name, c->after, NULL, false);
	/* Another name of the inode may have got them already. */
	else if (r == 0)
		r = t->recovers || inode_has_metadata(parent, name, c->after)
			    ? inode_finish_metadata(parent, name, c->before, c->after)
			    : -EBUSY;
	if (r == -EBUSY)
		defer(c, CHANGED, 0);
	else if (r < 0)
		defer_error(c, -r);
}

static void make(struct transaction *t, struct journal_record *c)
{
	static void (*const kind[CHANGE_KINDS])(
		struct transaction *, struct journal_record *, int, const char *) = {
		[CHANGE_CREATE] = create,
		[CHANGE_REPLACE] = replace,
		[CHANGE_REMOVE] = take_away,
		[CHANGE_META] = set_metadata,
	};
	const char *name;
	AUTO_CLOSE int parent = transaction_parent(t, c, &name);

	if (parent < 0)
		defer(c, "its directory cannot be reached", -parent);
	else
		kind[c->kind](t, c, parent, name);
}

/* --- changes that belong together: account files --- */

#define APART "one of the files that belong together could not be changed"

/* All changes before i of its group, which are replacements, are undone: one of them failed. */
static void undo_group(struct transaction *t, size_t i)
{
	struct journal_record *record = t->journal.record;

	for (size_t j = i; j-- > 0 && record[j].group == record[i].group;) {
		const char *name;
		AUTO_CLOSE int parent = transaction_parent(t, &record[j], &name);

		if (parent >= 0 && !record[j].deferred)
			put_back(t, &record[j], parent, name);
		defer(&record[j], APART, 0);
	}
}

/* Has a change of a group been made, by a run that was killed? */
static bool group_has_begun(const struct transaction *t)
{
	for (size_t i = 0; i < t->journal.n; i++) {
		const struct journal_record *c = &t->journal.record[i];

		if (c->group && !c->deferred &&
			is_ours(transaction_objects(t, c), journal_number(c->number).text, c) != 1)
			return true;
	}
	return false;
}

/*
 * Account files are changed under their lock, or not at all: without it all of them are deferred,
 * and if some are changed already, only a run that gets the lock can finish.
 */
static int lock_accounts(struct transaction *t, int *lock)
{
	bool needed = false;

	for (size_t i = 0; i < t->journal.n; i++)
		needed |= t->journal.record[i].group && !t->journal.record[i].deferred;
	if (!needed)
		return 0;
	*lock = pwd_lock(t->root);
	if (*lock >= 0)
		return 0;
	if (group_has_begun(t))
		return transaction_failed(t, PWD_LOCK, "another program holds the lock", *lock);
	for (size_t i = 0; i < t->journal.n; i++)
		if (t->journal.record[i].group)
			defer(&t->journal.record[i],
				*lock == -EWOULDBLOCK ? "another program holds " PWD_LOCK
						      : PWD_LOCK " cannot be locked",
				*lock == -EWOULDBLOCK ? 0 : -*lock);
	return 0;
}

/* --- all of it --- */

/* The volume of a change, if it is not mounted: then the change is not made, and not deferred. */
static const struct volume *missing_volume(
	const struct transaction *t, const struct journal_record *c)
{
	const struct volume *v = volumes_of(&t->journal.volumes, c->pending, c->path);

	return v && v->missing ? v : NULL;
}

static int find_missing(struct transaction *t)
{
	for (size_t i = 0; i < t->journal.n; i++) {
		const struct journal_record *c = &t->journal.record[i];
		const struct volume *missing = c->deferred ? NULL : missing_volume(t, c);

		if (missing)
			return transaction_failed(
				t, missing->top, "its file system is not mounted", -ENODEV);
	}
	return 0;
}

static void make_all(struct transaction *t)
{
	struct journal_record *record = t->journal.record;
	unsigned int failed_group = 0;

	for (size_t i = 0; i < t->journal.n; i++) {
		if (record[i].inside || record[i].deferred || missing_volume(t, &record[i]))
			continue;
		if (record[i].group && record[i].group == failed_group) {
			defer(&record[i], APART, 0);
			continue;
		}
		make(t, &record[i]);
		if (record[i].deferred && record[i].group) {
			failed_group = record[i].group;
			undo_group(t, i);
		}
	}
}

/*
 * What was replaced must not change with a file that stays, if both are names of one inode. On a
 * full disk it is left as it is.
 */
static void unshare_replaced(const struct transaction *t)
{
	for (size_t i = 0; i < t->journal.n; i++) {
		const struct journal_record *c = &t->journal.record[i];

		if (c->kind != CHANGE_META && c->before && !c->deferred && !c->inside)
			inode_unshare(transaction_objects(t, c), journal_number(c->number).text,
				c->before);
	}
}

/* Before the mark a restart makes the changes again, after it only the records. */
static int make_changes(struct transaction *t)
{
	AUTO_CLOSE int lock = -1;
	int r;

	if (faccessat(t->dir, "made", F_OK, 0) == 0)
		return find_missing(t);
	r = lock_accounts(t, &lock);
	if (r < 0)
		return r;
	make_all(t);
	unshare_replaced(t);
	r = find_missing(t);
	r = r < 0 ? r : transaction_sync(t);
	return r < 0 ? r : journal_mark_made(t->dir, &t->journal);
}

int transaction_commit(struct transaction *t)
{
	int r = make_changes(t);

	r = r < 0 ? r : records_settle(t->state, t->dir, &t->journal, &t->records.status);
	return r < 0 ? r : transaction_close(t);
}
