/* The second half of a transaction: into place, each step checked after it was made. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/file.h"
#include "agent/journal.h"
#include "agent/transaction.h"
#include "lib/cleanup.h"
#include "lib/scan.h"

static void defer(struct step *s, const char *why, int error)
{
	s->deferred = true;
	s->why = why;
	s->error = error;
}

static void defer_error(struct step *s, int error)
{
	defer(s,
		error == EEXIST  ? "something is there meanwhile"
		: error == EXDEV ? "it lies on another file system"
				 : "cannot be changed",
		error == EEXIST || error == EXDEV ? 0 : error);
}

/* --- what was displaced --- */

static bool same(const struct manifest_entry *a, const struct manifest_entry *b)
{
	return b && (manifest_compare(a, b) & ~MANIFEST_DIFF_TIME) == 0;
}

/* The displaced folder and all in it is what the plan saw: every path, and no more. */
static bool tree_is_as_seen(const struct transaction *t, const struct step *s, const char *number)
{
	const struct scan_options options = { .digests = DIGEST_SHA256 };
	AUTO_CLOSE int fd = openat(t->dir, number, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	AUTO_MANIFEST struct manifest *is = NULL;
	size_t n = strlen(s->path), seen = 0;
	char path[2 * PATH_MAX];
	unsigned long errors;

	if (fd < 0 || scan_tree(fd, &options, &is, &errors) < 0 || errors)
		return false;
	for (size_t i = 0; i < is->n; i++) {
		const char *rest = is->entry[i]->path;

		snprintf(path, sizeof(path), "%s%s%s", s->path, *rest ? "/" : "", rest);
		if (!same(is->entry[i], manifest_find(s->seen, path)))
			return false;
	}
	for (size_t i = 0; i < s->seen->n; i++) {
		const char *p = s->seen->entry[i]->path;

		seen += strncmp(p, s->path, n) == 0 && (p[n] == '/' || p[n] == '\0');
	}
	return seen == is->n;
}

static bool is_as_seen(const struct transaction *t, const struct step *s, const char *number)
{
	if (s->before->type == MANIFEST_DIR && s->seen)
		return tree_is_as_seen(t, s, number);
	return file_matches(t->dir, number, s->before, FILE_CONTENT | FILE_MODE) == 1 &&
	       !(s->before->type == MANIFEST_FILE && file_is_written(t->dir, number));
}

/* --- steps --- */

static bool same_inode(int folder, const char *name, const struct stat *st)
{
	struct stat is;

	return fstatat(folder, name, &is, AT_SYMLINK_NOFOLLOW) == 0 && is.st_ino == st->st_ino &&
	       is.st_dev == st->st_dev;
}

static int exchange(int a, const char *x, int b, const char *y)
{
	return renameat2(a, x, b, y, RENAME_EXCHANGE) < 0 ? -errno : 0;
}

/*
 * Undo an exchange. If what comes back is not ours, someone has put a file of his own there in
 * between: that one stays, and what his took the place of stays in the trash.
 */
static void put_back(struct transaction *t, struct step *s, const char *number, int parent,
	const char *name, const struct stat *ours)
{
	if (exchange(t->dir, number, parent, name) < 0)
		return;
	if (!same_inode(t->dir, number, ours))
		exchange(t->dir, number, parent, name);
	else if (s->after->type == MANIFEST_DIR ||
		 file_matches(t->dir, number, s->after, FILE_CONTENT) == 1)
		file_remove_tree(t->dir, number);
}

static void replace(struct transaction *t, size_t i, int parent, const char *name)
{
	struct step *s = &t->steps->step[i];
	struct step_name number = step_name(i);
	struct stat ours;
	int r;

	if (s->before->type == MANIFEST_FILE && file_is_written(parent, name)) {
		defer(s, "a program has it open for writing", 0);
		return;
	}
	if (fstatat(t->dir, number.text, &ours, AT_SYMLINK_NOFOLLOW) < 0) {
		defer_error(s, errno);
		return;
	}
	r = exchange(t->dir, number.text, parent, name);
	if (r < 0) {
		defer(s, r == -ENOENT ? "it is gone meanwhile" : "cannot be changed",
			r == -ENOENT ? 0 : -r);
	} else if (!is_as_seen(t, s, number.text)) {
		put_back(t, s, number.text, parent, name, &ours);
		defer(s, "it was changed meanwhile", 0);
	}
}

static void create(struct transaction *t, size_t i, int parent, const char *name)
{
	if (renameat2(t->dir, step_name(i).text, parent, name, RENAME_NOREPLACE) < 0)
		defer_error(&t->steps->step[i], errno);
}

static void take_away(struct transaction *t, size_t i, int parent, const char *name)
{
	struct step *s = &t->steps->step[i];
	struct step_name number = step_name(i);

	if (s->before->type == MANIFEST_FILE && file_is_written(parent, name)) {
		defer(s, "a program has it open for writing", 0);
	} else if (renameat2(parent, name, t->dir, number.text, RENAME_NOREPLACE) < 0) {
		/* Gone already is what was wanted. */
		if (errno != ENOENT)
			defer_error(s, errno);
	} else if (!is_as_seen(t, s, number.text)) {
		renameat2(t->dir, number.text, parent, name, RENAME_NOREPLACE);
		defer(s, "it was changed meanwhile", 0);
	}
}

static void dress(struct transaction *t, size_t i, int parent, const char *name)
{
	struct step *s = &t->steps->step[i];
	int r = file_matches(parent, name, s->before, FILE_MODE);

	if (r == 1)
		r = file_dress(parent, name, s->after, t->owners, false);
	else if (r == 0)
		r = -EBUSY;
	if (r == -EBUSY)
		defer(s, "it was changed meanwhile", 0);
	else if (r < 0)
		defer_error(s, -r);
}

static void make(struct transaction *t, size_t i)
{
	static void (*const kind[STEP_KINDS])(struct transaction *, size_t, int, const char *) = {
		[STEP_CREATE] = create,
		[STEP_REPLACE] = replace,
		[STEP_REMOVE] = take_away,
		[STEP_META] = dress,
	};
	struct step *s = &t->steps->step[i];
	const char *name;
	AUTO_CLOSE int parent = transaction_parent(t->root, t->pending, s, &name);

	if (parent < 0)
		defer(s, "its folder cannot be reached", -parent);
	else
		kind[s->kind](t, i, parent, name);
}

/* All steps before i of its group, which are replacements, are undone: one of them failed. */
static void undo_group(struct transaction *t, size_t i)
{
	struct step *step = t->steps->step;

	for (size_t j = i; j-- > 0 && step[j].group == step[i].group;) {
		struct stat st;
		const char *name;
		AUTO_CLOSE int parent = transaction_parent(t->root, t->pending, &step[j], &name);

		if (parent >= 0 && !step[j].deferred &&
			file_matches(parent, name, step[j].after, FILE_CONTENT) == 1 &&
			fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			put_back(t, &step[j], step_name(j).text, parent, name, &st);
		defer(&step[j], "one of the files that belong together could not be changed", 0);
	}
}

int transaction_apply(struct transaction *t)
{
	struct step *step = t->steps->step;
	unsigned int failed_group = 0;

	for (size_t i = 0; i < t->steps->n; i++) {
		if (step[i].within != STEP_NONE || step[i].deferred)
			continue;
		if (step[i].group && step[i].group == failed_group) {
			defer(&step[i],
				"one of the files that belong together could not be changed", 0);
			continue;
		}
		make(t, i);
		if (step[i].deferred && step[i].group) {
			failed_group = step[i].group;
			undo_group(t, i);
		}
	}
	for (size_t i = 0; i < t->steps->n; i++)
		if (step[i].within != STEP_NONE && step[step[i].within].deferred)
			step[i].deferred = true;
	return t->steps->n && syncfs(t->dir) < 0 ? -errno : 0;
}

/* --- after a kill --- */

struct recovery {
	int root, pending, dir;
	const struct owners *owners;
};

static void recover_replace(
	struct recovery *v, const struct step *s, const char *number, int parent, const char *name)
{
	if (file_matches(v->dir, number, s->after, FILE_CONTENT) == 1) {
		/* Ours: not exchanged yet, or put back. */
		file_remove_tree(v->dir, number);
		return;
	}
	if (file_matches(v->dir, number, s->before, FILE_CONTENT) == 1)
		return;
	/* An edit that came between plan and exchange: back to its place. */
	if (file_matches(parent, name, s->after, FILE_CONTENT) == 1 &&
		exchange(v->dir, number, parent, name) == 0 &&
		file_matches(v->dir, number, s->after, FILE_CONTENT) == 1)
		file_remove_tree(v->dir, number);
}

static int recover_step(struct recovery *v, const struct step *s)
{
	struct step_name number = step_name(s->op);
	const char *name;
	AUTO_CLOSE int parent = transaction_parent(v->root, v->pending, s, &name);
	struct stat st;

	/* Its folder is gone: what was displaced is safe in the trash. */
	if (parent < 0)
		return 0;
	if (s->kind == STEP_META)
		return file_finish(parent, name, s->before, s->after, v->owners);
	if (fstatat(v->dir, number.text, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (s->kind == STEP_CREATE)
		return file_remove_tree(v->dir, number.text);
	if (s->kind == STEP_REPLACE)
		recover_replace(v, s, number.text, parent, name);
	else if (file_matches(v->dir, number.text, s->before, FILE_CONTENT) != 1)
		renameat2(v->dir, number.text, parent, name, RENAME_NOREPLACE);
	return 0;
}

static int recover(struct recovery *v, const struct journal *j)
{
	int r = 0;

	for (size_t i = j->steps.n; r == 0 && i-- > 0;)
		if (j->steps.step[i].within == STEP_NONE)
			r = recover_step(v, &j->steps.step[i]);
	return r == 0 && syncfs(v->dir) < 0 ? -errno : r;
}

int transaction_recover(int root, int state, const struct owners *owners)
{
	AUTO_CLOSE int dir = openat(state, TRANSACTION_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_CLOSE int pending = openat(state, "pending", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct recovery v = { root, pending, dir, owners };
	struct journal journal;
	int r;

	if (dir < 0)
		return errno == ENOENT ? 0 : -errno;
	if (faccessat(dir, "staged", F_OK, 0) < 0) {
		/* Nothing was touched yet. */
		r = file_remove_tree(state, TRANSACTION_DIR);
		return r < 0 ? r : 1;
	}
	r = journal_read(dir, &journal);
	if (r < 0)
		return r;
	r = recover(&v, &journal);
	journal_free(&journal);
	r = r < 0 ? r : transaction_keep(state);
	return r < 0 ? r : 1;
}
