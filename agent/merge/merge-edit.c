#include "agent/merge/merge-edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/merge/account-entries.h"
#include "agent/merge/merge-text.h"
#include "agent/run/state.h"
#include "agent/transaction/inode.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"
#include "lib/hex.h"
#include "lib/publish.h"
#include "lib/spawn.h"

#define MERGE_DIR  "merge"
#define NAME_BYTES 16 /* of a digest */
#define NAME_SIZE  (sizeof(MERGE_DIR) + 2 * (1 + 2 * NAME_BYTES) + 1)
#define NOT_FOUND  127 /* sh(1): there is no such program */

struct work {
	char name[NAME_SIZE]; /* below the state directory */
	char *path;           /* the same, as others can open it */
	int dir;
	bool begun; /* an earlier try left a text */
};

static void work_free(struct work *w)
{
	free(w->path);
	cleanup_close(&w->dir);
}

/* --- the directory --- */

/* Append "/" and a digest of these bytes to a name. */
static int add_digest(char name[static NAME_SIZE], const void *data, size_t n)
{
	struct digest digest;
	int r = digest_bytes(data, n, DIGEST_SHA256, &digest);
	size_t size = strlen(name);

	if (r < 0)
		return r;
	name[size++] = '/';
	hex_text(name + size, digest.sha256, NAME_BYTES);
	return 0;
}

/* STATE/merge/PATH into name; with the versions STATE/merge/PATH/VERSIONS. */
static int name_work(
	char name[static NAME_SIZE], const char *path, const struct fingerprint version[3])
{
	int r;

	strcpy(name, MERGE_DIR);
	r = add_digest(name, path, strlen(path));
	return r < 0 || !version ? r : add_digest(name, version, 3 * sizeof(*version));
}

static int make_directories(int state, char name[static NAME_SIZE])
{
	for (char *slash = strchr(name, '/');; slash = strchr(slash + 1, '/')) {
		int r;

		if (slash)
			*slash = '\0';
		r = mkdirat(state, name, 0700) < 0 && errno != EEXIST ? -errno : 0;
		if (slash)
			*slash = '/';
		if (r < 0 || !slash)
			return r;
	}
}

/* By name, as the editor and the administrator open it. */
static char *path_of(int state, const char *name)
{
	char link[64], path[PATH_MAX], *whole;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", state);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return NULL;
	path[n] = '\0';
	return asprintf(&whole, "%s/%s", path, name) < 0 ? NULL : whole;
}

static int open_work(const struct merge_edit *edit, struct work *w)
{
	int r = name_work(w->name, edit->path, edit->version);

	r = r < 0 ? r : make_directories(edit->state, w->name);
	if (r < 0)
		return r;
	w->dir = openat(edit->state, w->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	w->path = path_of(edit->state, w->name);
	w->begun = w->dir >= 0 && faccessat(w->dir, "merged", F_OK, 0) == 0;
	return w->dir < 0 || !w->path ? -errno : 0;
}

void merge_edit_forget(int state, const char *path)
{
	char name[NAME_SIZE];

	if (name_work(name, path, NULL) == 0)
		fsroot_remove(state, name);
}

/* --- the texts --- */

static int write_text(const struct work *w, const char *name, const struct buf *b)
{
	return publish_file(w->dir, name, 0600, b->data, b->size);
}

static int read_merged(const struct work *w, struct buf *out)
{
	out->size = 0;
	return state_read_file(w->dir, "merged", ACCOUNT_BYTES_MAX, out);
}

/* Has an earlier try left exactly what diff3 makes now, and could not install it? */
static bool is_kept(const struct work *w, const struct buf *text)
{
	AUTO_BUF struct buf merged = { 0 };

	return read_merged(w, &merged) == 0 && merged.size == text->size &&
	       (text->size == 0 || memcmp(merged.data, text->data, text->size) == 0);
}

/* The three texts, and what diff3 makes of them, unless an earlier try left something. */
static int prepare_work(const struct merge_edit *edit, const struct work *w, bool *clean)
{
	AUTO_BUF struct buf out = { 0 };
	int r = merge_text(edit->mine, edit->base, edit->theirs, &out);

	*clean = r == 0 && (!w->begun || is_kept(w, &out));
	r = r < 0 ? r : write_text(w, "mine", edit->mine);
	r = r < 0 ? r : write_text(w, "base", edit->base);
	r = r < 0 ? r : write_text(w, "theirs", edit->theirs);
	return r < 0 || w->begun ? r : write_text(w, "merged", &out);
}

/* A line that diff3 marks a conflict with. */
static bool is_marker(const char *line, size_t n)
{
	return n >= 7 && (memcmp(line, "<<<<<<<", 7) == 0 || memcmp(line, "|||||||", 7) == 0 ||
				 memcmp(line, ">>>>>>>", 7) == 0);
}

static bool has_markers(const struct buf *b)
{
	const char *end = b->data + b->size;

	for (const char *line = b->data, *next; line && line < end; line = next + 1) {
		next = memchr(line, '\n', (size_t)(end - line));
		if (!next)
			next = end;
		if (is_marker(line, (size_t)(next - line)))
			return true;
	}
	return false;
}

/* --- the editor --- */

static const char *editor(void)
{
	const char *visual = getenv("VISUAL"), *line = getenv("EDITOR");

	return visual && *visual ? visual : line && *line ? line : "vi";
}

static int run_tool(const char *tool, const struct work *w, int out, int *status)
{
	char path[4][PATH_MAX];
	static const char *const name[] = { "mine", "base", "theirs", "merged" };
	const char *argv[] = { tool, path[0], path[1], path[2], path[3], NULL };

	for (int i = 0; i < 4; i++)
		snprintf(path[i], PATH_MAX, "%s/%s", w->path, name[i]);
	return spawn_run(
		&(struct spawn){ .argv = argv, .out = out, .kept = -1, .interactive = true },
		status);
}

/*
 * VISUAL and EDITOR hold command lines. Without a terminal the program has /dev/null for its input
 * and output: one that merges by itself still works, and an interactive one ends.
 */
static int run_editor(const struct work *w, int out, bool terminal, int *status)
{
	AUTO_FREE char *command = NULL;
	char path[PATH_MAX];
	const char *argv[] = { "sh", "-c", NULL, "sh", path, NULL };
	AUTO_CLOSE int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	int r;

	if (asprintf(&command, "%s \"$1\"%s", editor(), terminal ? "" : " 2>&1") < 0) {
		command = NULL;
		return -ENOMEM;
	}
	argv[2] = command;
	snprintf(path, sizeof(path), "%s/merged", w->path);
	r = spawn_run(&(struct spawn){ .argv = argv,
			      .out = terminal ? out : nothing,
			      .kept = -1,
			      .interactive = terminal },
		status);
	return r == 0 && *status == NOT_FOUND ? -ENOENT : r;
}

static enum agent_status run_program(const struct merge_edit *edit, const struct work *w)
{
	const char *tool = edit->tool, *program = tool ? tool : editor();
	bool terminal = tool || (isatty(0) && isatty(1));
	int out = edit->json ? 2 : -1; /* our output is one document */
	int status = 0;
	int r = tool ? run_tool(tool, w, out, &status) : run_editor(w, out, terminal, &status);

	if (r == 0 && status == 0)
		return AGENT_DONE;
	if (r == 0 && terminal)
		cli_error(0, "%s failed with status %d; nothing was decided", program, status);
	else if (r == 0)
		cli_error(0,
			"%s failed with status %d: there is no terminal for %s; use --tool PROGRAM",
			program, status, program);
	else
		cli_error(r, "%s", program);
	return AGENT_CONFLICTS;
}

enum agent_status merge_edit(const struct merge_edit *edit, struct buf *merged)
{
	__attribute__((cleanup(work_free))) struct work w = { .dir = -1 };
	enum agent_status status;
	bool clean = false;
	int r = open_work(edit, &w);

	r = r < 0 ? r : prepare_work(edit, &w, &clean);
	if (r < 0) {
		cli_error(r, "%s cannot be merged", edit->path);
		return AGENT_FAILED;
	}
	status = clean && !edit->tool ? AGENT_DONE : run_program(edit, &w);
	if (status == AGENT_DONE && (read_merged(&w, merged) < 0 || has_markers(merged))) {
		cli_error(0, "%s: there are conflict markers left", edit->path);
		status = AGENT_CONFLICTS;
	}
	if (status)
		cli_error(0,
			"%s is not merged yet; run this again to continue: it is kept in %s/merged",
			edit->path, w.path);
	return status;
}
