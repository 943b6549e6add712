/*
 * The second half of a transaction: into place, each step checked after it was made; then the
 * records. A run calls it after staging, and the next run after a kill: every step looks at what
 * was done of it already.
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

static void defer(struct step *s, const char *why, int error)
{
	s->deferred = true;
	s->why = why;
	s->error = error;
}

static void defer_error(struct step *s, int error)
{
	defer(s,
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
static bool tree_is_as_seen(const struct transaction *t, const struct step *s, const char *number)
{
	const struct treescan_options options = { .digests = DIGEST_SHA256 };
	AUTO_CLOSE int fd = openat(
		transaction_objects(t, s), number, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_MANIFEST struct manifest *is = NULL;
	char path[2 * PATH_MAX];
	unsigned long errors;
	size_t from, to;

	if (fd < 0 || treescan(fd, &options, &is, &errors) < 0 || errors)
		return false;
	snprintf(path, sizeof(path), "%s.before", number);
	manifest_below(t->entries, path, &from, &to);
	if (is->n != to - from + 1)
		return false;
	for (size_t i = 0; i < is->n; i++) {
		const char *rest = is->entry[i]->path;

		snprintf(path, sizeof(path), "%s.before%s%s", number, *rest ? "/" : "", rest);
		if (!same(is->entry[i], manifest_find(t->entries, path)))
			return false;
	}
	return true;
}

static bool is_as_seen(const struct transaction *t, const struct step *s, const char *number)
{
	int dir = transaction_objects(t, s);

	if (s->before->type == MANIFEST_DIR)
		return tree_is_as_seen(t, s, number);
	return file_matches(dir, number, s->before, FILE_CONTENT | FILE_MODE) == 1 &&
	       !(s->before->type == MANIFEST_FILE && file_is_written(dir, number));
}

/* --- steps --- */

/* Is name in dir the very object that was staged? 1, 0, or -errno; -ENOENT: nothing is there. */
static int is_ours(int dir, const char *name, const struct step *s)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return st.st_ino == s->ino;
}

static int exchange(int a, const char *x, int b, const char *y)
{
	return renameat2(a, x, b, y, RENAME_EXCHANGE) < 0 ? -errno : 0;
}

/*
 * Undo an exchange, if what is in place is still ours. If what comes back is not, someone has put a
 * file of his own there in between: that one stays, and what it took the place of stays in the
 * trash.
 */
static void put_back(
	const struct transaction *t, const struct step *s, int parent, const char *name)
{
	struct step_name number = step_name(s->number);
	int dir = transaction_objects(t, s);

	if (is_ours(parent, name, s) != 1 ||
		(s->after->type != MANIFEST_DIR &&
			file_matches(parent, name, s->after, FILE_CONTENT) != 1))
		return;
	if (exchange(dir, number.text, parent, name) == 0 && is_ours(dir, number.text, s) != 1)
		exchange(dir, number.text, parent, name);
}

static void replace(struct transaction *t, struct step *s, int parent, const char *name)
{
	struct step_name number = step_name(s->number);
	int dir = transaction_objects(t, s), r = is_ours(dir, number.text, s);

	if (r == 1 && s->before->type == MANIFEST_FILE && file_is_written(parent, name)) {
		defer(s, WRITTEN, 0);
		return;
	}
	if (r == 1)
		r = exchange(dir, number.text, parent, name);
	if (r < 0) {
		defer_error(s, -r);
	} else if (!is_as_seen(t, s, number.text)) {
		put_back(t, s, parent, name);
		defer(s, CHANGED, 0);
	}
}

static void create(struct transaction *t, struct step *s, int parent, const char *name)
{
	struct step_name number = step_name(s->number);
	int dir = transaction_objects(t, s), r = 0;

	if (renameat2(dir, number.text, parent, name, RENAME_NOREPLACE) < 0)
		r = -errno;
	/* If it is not under its number any more it is in its place. */
	if (r < 0 && (r != -ENOENT || is_ours(dir, number.text, s) != -ENOENT))
		defer_error(s, -r);
}

static void take_away(struct transaction *t, struct step *s, int parent, const char *name)
{
	struct step_name number = step_name(s->number);
	int dir = transaction_objects(t, s);

	/* A number that is taken: it was removed before a kill, and has not been looked at. */
	if (faccessat(dir, number.text, F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
		if (s->before->type == MANIFEST_FILE && file_is_written(parent, name)) {
			defer(s, WRITTEN, 0);
			return;
		}
		if (renameat2(parent, name, dir, number.text, RENAME_NOREPLACE) < 0) {
			/* Gone already is what was wanted. */
			if (errno != ENOENT)
				defer_error(s, errno);
			return;
		}
	}
	if (!is_as_seen(t, s, number.text)) {
		renameat2(dir, number.text, parent, name, RENAME_NOREPLACE);
		defer(s, CHANGED, 0);
	}
}

static void set_metadata(struct transaction *t, struct step *s, int parent, const char *name)
{
	int r = file_matches(parent, name, s->before, FILE_MODE);

	if (r == 1)
		r = file_dress(parent, name, s->after, t->owners, false);
	/* By another name of its inode it may have them already. */
	else if (r == 0)
		r = t->recovers || file_is_dressed(parent, name, s->after, t->owners)
			    ? file_finish(parent, name, s->before, s->after, t->owners)
			    : -EBUSY;
	if (r == -EBUSY)
		defer(s, CHANGED, 0);
	else if (r < 0)
		defer_error(s, -r);
}

static void make(struct transaction *t, struct step *s)
{
	static void (*const kind[STEP_KINDS])(
		struct transaction *, struct step *, int, const char *) = {
		[STEP_CREATE] = create,
		[STEP_REPLACE] = replace,
		[STEP_REMOVE] = take_away,
		[STEP_META] = set_metadata,
	};
	const char *name;
	AUTO_CLOSE int parent = transaction_parent(t, s, &name);

	if (parent < 0)
		defer(s, "its directory cannot be reached", -parent);
	else
		kind[s->kind](t, s, parent, name);
}

/* --- steps that belong together: account files --- */

#define APART "one of the files that belong together could not be changed"

/* All steps before i of its group, which are replacements, are undone: one of them failed. */
static void undo_group(struct transaction *t, size_t i)
{
	struct step *step = t->steps->step;

	for (size_t j = i; j-- > 0 && step[j].group == step[i].group;) {
		const char *name;
		AUTO_CLOSE int parent = transaction_parent(t, &step[j], &name);

		if (parent >= 0 && !step[j].deferred)
			put_back(t, &step[j], parent, name);
		defer(&step[j], APART, 0);
	}
}

/* Has a step of a group been made, by a run that was killed? */
static bool group_has_begun(const struct transaction *t)
{
	for (size_t i = 0; i < t->steps->n; i++) {
		const struct step *s = &t->steps->step[i];

		if (s->group && !s->deferred &&
			is_ours(transaction_objects(t, s), step_name(s->number).text, s) != 1)
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

	for (size_t i = 0; i < t->steps->n; i++)
		needed |= t->steps->step[i].group && !t->steps->step[i].deferred;
	if (!needed)
		return 0;
	*lock = pwd_lock(t->root);
	if (*lock >= 0)
		return 0;
	if (group_has_begun(t))
		return transaction_failed(t, PWD_LOCK, "another program holds the lock", *lock);
	for (size_t i = 0; i < t->steps->n; i++)
		if (t->steps->step[i].group)
			defer(&t->steps->step[i],
				*lock == -EWOULDBLOCK ? "another program holds " PWD_LOCK
						      : PWD_LOCK " cannot be locked",
				*lock == -EWOULDBLOCK ? 0 : -*lock);
	return 0;
}

/* --- all of it --- */

/* Of a disk that is not there nothing can be made, and nothing is given up. */
static bool is_missing(const struct transaction *t, const struct step *s)
{
	const struct volume *v = volumes_of(&t->volumes, s);

	return v && v->missing;
}

static int find_missing(struct transaction *t)
{
	for (size_t i = 0; i < t->steps->n; i++)
		if (!t->steps->step[i].deferred && is_missing(t, &t->steps->step[i]))
			return transaction_failed(t,
				volumes_of(&t->volumes, &t->steps->step[i])->top,
				"its file system is not mounted", -ENODEV);
	return 0;
}

static void make_all(struct transaction *t)
{
	struct step *step = t->steps->step;
	unsigned int failed_group = 0;

	for (size_t i = 0; i < t->steps->n; i++) {
		if (step[i].within != STEP_NONE || step[i].deferred || is_missing(t, &step[i]))
			continue;
		if (step[i].group && step[i].group == failed_group) {
			defer(&step[i], APART, 0);
			continue;
		}
		make(t, &step[i]);
		if (step[i].deferred && step[i].group) {
			failed_group = step[i].group;
			undo_group(t, i);
		}
	}
}

/*
 * What was replaced must not change with a file that stays, as another name of the same inode. On
 * a full disk it is left as it is: whoever writes to that one wanted to write to both.
 */
static void unshare_replaced(const struct transaction *t)
{
	for (size_t i = 0; i < t->steps->n; i++) {
		const struct step *s = &t->steps->step[i];

		if (s->kind != STEP_META && s->before && !s->deferred && s->within == STEP_NONE)
			file_unshare(
				transaction_objects(t, s), step_name(s->number).text, s->before);
	}
}

/* Until the mark is written a restart makes the steps again, and after it the records alone. */
static int make_steps(struct transaction *t)
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
	return r < 0 ? r : journal_mark_made(t->dir, t->steps);
}

int transaction_commit(struct transaction *t)
{
	struct step *step = t->steps->step;
	int r = make_steps(t);

	r = r < 0 ? r : records_settle(t->state, t->dir, t->steps, &t->records.status);
	r = r < 0 ? r : transaction_close(t);
	/* Of recovered ones it is not known in which directory they were, nor does it matter. */
	for (size_t i = 0; !t->recovers && i < t->steps->n; i++)
		if (step[i].within != STEP_NONE && step[step[i].within].deferred)
			step[i].deferred = true;
	return r;
}
