#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/cleanup.h"
#include "lib/io.h"
#include "lib/manifest/manifest-delta.h"
#include "lib/manifest/tool/exclude.h"
#include "lib/manifest/tool/tool.h"
#include "lib/treescan.h"
#include "lib/vis.h"

/* --- keys and manifests from files, with the one message that says why not --- */

typedef int key_reader(const char *path, struct signature_key **key);

/* 0 and NULL without a path. */
static int read_key(key_reader *reader, const char *path, struct signature_key **key)
{
	int r = 0;

	*key = NULL;
	if (path)
		r = reader(path, key);
	if (r == -EINVAL)
		cli_error(0, "%s: not an Ed25519 key in PEM (make one: xf-manifest keygen -o KEY)",
			path);
	else if (r < 0)
		cli_error(r, "%s", path);
	return r;
}

static void cleanup_key(struct signature_key **key)
{
	signature_key_free(*key);
}
#define AUTO_KEY __attribute__((cleanup(cleanup_key)))

static void manifest_failed(const char *path, int r, const struct manifest_error *error)
{
	if (!error->rule)
		cli_error(r, "%s", path);
	else if (error->line)
		cli_error(0, "%s:%lu: %s", path, error->line, error->rule);
	else
		cli_error(0, "%s: %s", path, error->rule);
}

static int load(const struct tool_options *o, const char *path, struct manifest **manifest)
{
	AUTO_KEY struct signature_key *key = NULL;
	struct manifest_error error;
	int r = read_key(signature_read_public, o->pub, &key);

	if (r < 0)
		return r;
	r = manifest_load(AT_FDCWD, path, key, manifest, &error);
	if (r < 0)
		manifest_failed(path, r, &error);
	return r;
}

/* --- scanning --- */

struct context {
	struct exclude *exclude;
	struct timespec shown; /* progress */
};

static bool excluded(const char *path, enum manifest_type type, void *arg)
{
	struct context *c = arg;

	return c->exclude && exclude_matches(c->exclude, path, type == MANIFEST_DIR);
}

static void progress(uint64_t files, uint64_t bytes, void *arg)
{
	struct context *c = arg;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if ((now.tv_sec - c->shown.tv_sec) * 10 + (now.tv_nsec - c->shown.tv_nsec) / 100000000 < 1)
		return;
	c->shown = now;
	fprintf(stderr, "\r%ju files, %ju MB", (uintmax_t)files, (uintmax_t)bytes / 1000000);
}

static int read_excludes(const char *path, struct exclude **exclude)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : buf_read(&text, fd, EXCLUDE_BYTES_MAX);

	if (r == 0) {
		*exclude = exclude_parse(text.data, text.size);
		r = *exclude ? 0 : -ENOMEM;
	}
	if (r < 0)
		cli_error(r, "%s", path);
	return r;
}

static int scan_with_cache(int fd, const struct tool_options *o, struct treescan_options *scan,
	struct manifest **m, unsigned long *errors)
{
	int r = 0, saved;

	if (o->cache)
		r = statcache_open(AT_FDCWD, o->cache, &scan->cache);
	if (r == 0)
		r = treescan(fd, scan, m, errors);
	if (r == 0 && o->cache) {
		/* The result is correct without it. */
		saved = statcache_save(scan->cache, AT_FDCWD, o->cache);
		if (saved < 0)
			cli_error(saved, "%s", o->cache);
	}
	statcache_free(scan->cache);
	return r;
}

/* DIR as a manifest. *errors of its paths could not be read; no message was given for these. */
static int scan(const struct tool_options *o, const char *dir, unsigned int digests,
	struct manifest **manifest, unsigned long *errors)
{
	AUTO_CLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -errno : 0;
	struct context context = { 0 };
	struct treescan_options options = {
		.digests = digests,
		.threads = o->threads,
		.one_file_system = o->one_file_system,
		.arg = &context,
		.exclude = excluded,
		.progress = isatty(STDERR_FILENO) ? progress : NULL,
	};

	if (r == 0 && o->exclude_from) {
		r = read_excludes(o->exclude_from, &context.exclude);
		if (r < 0)
			return r;
	}
	if (r == 0)
		r = scan_with_cache(fd, o, &options, manifest, errors);
	exclude_free(context.exclude);
	if (context.shown.tv_sec)
		fputs("\r\033[K", stderr);
	if (r < 0)
		cli_error(r, "%s%s", dir, r == -ENOTSUP ? ": /proc is needed" : "");
	return r;
}

/* --- the commands --- */

static void print_unread(const struct manifest *m)
{
	struct tool_report report = { 0 };

	for (size_t i = 0; i < m->n; i++)
		if (m->entry[i]->error)
			tool_report_pair(NULL, m->entry[i], &report);
}

static void set_head(const struct tool_options *o, struct manifest_head *head)
{
	/* reproducible-builds.org: the time that is put in where a build has to give the same
	 * bytes. */
	const char *epoch = getenv("SOURCE_DATE_EPOCH");

	if (!o->generation)
		return;
	head->generation = o->generation;
	head->previous = o->previous;
	head->published = epoch ? strtoll(epoch, NULL, 10) : (int64_t)time(NULL);
	snprintf(head->share, sizeof(head->share), "%s", o->share);
}

static void entry_failed(const char *dir, const struct manifest_error *error)
{
	AUTO_FREE char *path = vis_string(error->entry->path);

	cli_error(0, "%s/%s: %s", dir, path ? path : "", error->rule);
}

/* Write what was encoded, and its signature if there is a key. */
static int put(
	const struct tool_options *o, const struct buf *encoded, const struct signature_key *key)
{
	int r;

	if (o->output)
		r = manifest_publish(AT_FDCWD, o->output, encoded, key);
	else
		r = io_write(STDOUT_FILENO, encoded->data, encoded->size);
	if (r == -EEXIST)
		cli_error(0, "%s: exists and is not a regular file", o->output);
	else if (r < 0)
		cli_error(r, "%s", o->output ? o->output : "standard output");
	return r;
}

static int put_manifest(const struct tool_options *o, const char *dir, const struct manifest *m,
	const struct signature_key *key)
{
	AUTO_BUF struct buf encoded = { 0 };
	struct manifest_error error;
	int r = manifest_encode(m, &encoded, &error);

	if (r == 0)
		return put(o, &encoded, key);
	if (error.rule && error.entry)
		entry_failed(dir, &error);
	else
		manifest_failed(dir, r, &error);
	return r;
}

int tool_create(void *options, char **arguments)
{
	const struct tool_options *o = options;
	AUTO_MANIFEST struct manifest *m = NULL;
	AUTO_KEY struct signature_key *key = NULL;
	unsigned long errors;

	if (!o->generation != !o->share || (o->previous && !o->generation)) {
		cli_error(0, "--generation and --share require each other, --previous both");
		return EXIT_TROUBLE;
	}
	if (!o->output && (o->key || isatty(STDOUT_FILENO))) {
		cli_error(0, "%s: --output is required",
			o->key ? "to write a signature" : "standard output is a terminal");
		return EXIT_TROUBLE;
	}
	if (read_key(signature_read_private, o->key, &key) < 0 ||
		scan(o, arguments[0], DIGEST_SHA256 | DIGEST_MD5, &m, &errors) < 0)
		return EXIT_TROUBLE;
	if (errors) {
		print_unread(m);
		cli_error(0, "%lu paths could not be read: nothing written", errors);
		return EXIT_TROUBLE;
	}
	set_head(o, &m->head);
	return put_manifest(o, arguments[0], m, key) < 0 ? EXIT_TROUBLE : EXIT_SUCCESS;
}

static int compare(const struct tool_options *o, const struct manifest *a, const struct manifest *b,
	const char *only_a, const char *only_b)
{
	struct tool_report report = {
		.json = o->json, .time = o->time, .only_a = only_a, .only_b = only_b
	};

	tool_report_begin(&report);
	manifest_join(a, b, tool_report_pair, &report);
	tool_report_end(&report);
	if (report.errors)
		return EXIT_TROUBLE;
	return report.changed || report.in_a || report.in_b ? EXIT_DIFFERENT : EXIT_SUCCESS;
}

int tool_verify(void *options, char **arguments)
{
	const struct tool_options *o = options;
	AUTO_MANIFEST struct manifest *m = NULL, *tree = NULL;
	unsigned long errors;

	if (load(o, arguments[0], &m) < 0 ||
		scan(o, arguments[1], DIGEST_SHA256, &tree, &errors) < 0)
		return EXIT_TROUBLE;
	return compare(o, m, tree, "missing", "extra");
}

int tool_diff(void *options, char **arguments)
{
	const struct tool_options *o = options;
	AUTO_MANIFEST struct manifest *a = NULL, *b = NULL;

	if (load(o, arguments[0], &a) < 0 || load(o, arguments[1], &b) < 0)
		return EXIT_TROUBLE;
	return compare(o, a, b, "removed", "added");
}

int tool_delta(void *options, char **arguments)
{
	const struct tool_options *o = options;
	AUTO_MANIFEST struct manifest *a = NULL, *b = NULL;
	AUTO_MANIFEST_DELTA struct manifest_delta delta = { 0 };
	AUTO_KEY struct signature_key *key = NULL;
	AUTO_BUF struct buf encoded = { 0 };
	struct manifest_error error = { 0 };
	int r;

	if (load(o, arguments[0], &a) < 0 || load(o, arguments[1], &b) < 0 ||
		read_key(signature_read_private, o->key, &key) < 0)
		return EXIT_TROUBLE;
	r = manifest_delta_make(a, b, &delta);
	if (r == 0)
		r = manifest_delta_encode(&delta, &encoded, &error);
	if (r < 0)
		manifest_failed(arguments[1], r, &error);
	return r < 0 || put(o, &encoded, key) < 0 ? EXIT_TROUBLE : EXIT_SUCCESS;
}

int tool_show(void *options, char **arguments)
{
	const struct tool_options *o = options;
	AUTO_MANIFEST struct manifest *m = NULL;

	if (load(o, arguments[0], &m) < 0)
		return EXIT_TROUBLE;
	if (o->json)
		print_manifest_json(m);
	else
		print_manifest(m);
	return EXIT_SUCCESS;
}

int tool_check(void *options, char **arguments)
{
	const struct tool_options *o = options;
	AUTO_MANIFEST struct manifest *m = NULL;
	int r = load(o, arguments[0], &m);

	if (r < 0)
		return r == -EBADMSG ? EXIT_DIFFERENT : EXIT_TROUBLE;
	print_check(arguments[0], m, o->pub != NULL, o->json);
	return EXIT_SUCCESS;
}

/* Only what a reader accepts is signed. */
int tool_sign(void *options, char **arguments)
{
	const struct tool_options *o = options;
	AUTO_KEY struct signature_key *key = NULL;
	AUTO_MANIFEST struct manifest *m = NULL;
	AUTO_BUF struct buf data = { 0 };
	AUTO_CLOSE int fd = open(arguments[0], O_RDONLY | O_CLOEXEC);
	struct manifest_error error = { 0 };
	int r = fd < 0 ? -errno : buf_read(&data, fd, MANIFEST_FILE_MAX);

	if (r == 0)
		r = manifest_decode(data.data, data.size, NULL, NULL, 0, &m, &error);
	if (r < 0) {
		manifest_failed(arguments[0], r, &error);
		return EXIT_TROUBLE;
	}
	if (read_key(signature_read_private, o->key, &key) < 0)
		return EXIT_TROUBLE;
	r = manifest_sign(AT_FDCWD, arguments[0], &data, key);
	if (r < 0)
		cli_error(r, "%s" SIGNATURE_SUFFIX, arguments[0]);
	return r < 0 ? EXIT_TROUBLE : EXIT_SUCCESS;
}

int tool_keygen(void *options, char **arguments)
{
	const struct tool_options *o = options;
	int r = signature_keygen(o->output);

	(void)arguments;
	if (r == -EEXIST)
		cli_error(0, "%s or %s.pub exists, and is not replaced", o->output, o->output);
	else if (r < 0)
		cli_error(r, "%s", o->output);
	return r < 0 ? EXIT_TROUBLE : EXIT_SUCCESS;
}
