#include "farm/client/batch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "farm/oplog.h"
#include "farm/output.h"
#include "farm/results.h"
#include "lib/array.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/clock.h"

/* Milliseconds between two looks at those that are under way. It grows by a tenth each time: each
 * look is a question to libvirt for each of them, on a server that is busy starting them. */
#define PAUSE_MS_FIRST 100
#define PAUSE_MS_MOST  1000

/* --- failures --- */

void batch_failed(struct batch_failures *f, struct operation *op, const char *name)
{
	operation_failed(op, name);
	if (ARRAY_GROW(f->name, f->n))
		f->name[f->n++] = name;
}

int batch_report(struct batch_failures *f, const char *done, size_t all, const char *hint)
{
	AUTO_BUF struct buf names = { 0 };
	size_t n = f->n;

	for (size_t i = 0; i < n; i++)
		buf_printf(&names, " %s", f->name[i]);
	buf_add(&names, "", 1);
	free(f->name);
	*f = (struct batch_failures){ 0 };
	if (n == 0)
		return 0;
	return -cli_error(EIO, "%zu of %zu not %s:%s; %s", n, all, done,
		names.failed ? "" : names.data, hint);
}

/* --- one batch --- */

enum batch_progress { BATCH_UNDER_WAY, BATCH_DONE, BATCH_FAILED, BATCH_LATE };

struct batch {
	struct client_session *session;
	const struct batch_action *action;
	struct client **client;
	enum batch_progress *progress;
	size_t n;
	unsigned int limit;
	bool again; /* others could change the clients since they were read */
	/* While it waits: */
	const char *line;
	double began;
};

struct batch_one {
	struct batch *batch;
	size_t i;
	int result;
};

static enum batch_progress progress_of(int r)
{
	return r < 0 ? BATCH_FAILED : r > 0 ? BATCH_UNDER_WAY : BATCH_DONE;
}

static int step_begin(void *arg)
{
	struct batch_one *one = arg;
	struct batch *b = one->batch;
	int r;

	results_of(b->client[one->i]->name);
	r = b->action->begin(b->session, b->client[one->i]);
	results_of(NULL);
	b->progress[one->i] = progress_of(r);
	return r < 0 ? r : 0;
}

static size_t count(const struct batch *b, enum batch_progress progress)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += b->progress[i] == progress;
	return n;
}

/* Of several, each when it is there: the step's own line comes after the slowest. */
static void say_done(const struct batch *b, size_t i)
{
	if (b->n == 1 || b->progress[i] != BATCH_DONE)
		return;
	output_line("%s: %s (%.1f s)", b->client[i]->name, b->action->waiting,
		clock_seconds() - b->began);
	output_progress(b->line, 0, 0);
}

static void poll_all(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		if (b->progress[i] != BATCH_UNDER_WAY)
			continue;
		results_of(b->client[i]->name);
		b->progress[i] = progress_of(b->action->poll(b->session, b->client[i]));
		say_done(b, i);
		results_of(NULL);
	}
}

static void end_late(struct batch *b, size_t i)
{
	struct client *client = b->client[i];

	if (b->action->late) {
		b->progress[i] = progress_of(b->action->late(b->session, client));
		return;
	}
	cli_error(0, "%s: not %s within %u seconds", client->name, b->action->done, b->limit);
	b->progress[i] = BATCH_LATE;
}

static int step_wait(void *arg)
{
	long pause = PAUSE_MS_FIRST;
	struct batch *b = arg;
	double end = clock_seconds() + b->limit;

	b->began = clock_seconds();
	if (b->action->only_waits)
		client_session_unlock(b->session);
	for (;;) {
		poll_all(b);
		if (count(b, BATCH_UNDER_WAY) == 0 || clock_seconds() >= end)
			break;
		nanosleep(&(struct timespec){ pause / 1000, pause % 1000 * 1000000 }, NULL);
		pause = pause < PAUSE_MS_MOST ? pause + pause / 10 : PAUSE_MS_MOST;
	}
	for (size_t i = 0; i < b->n; i++) {
		if (b->progress[i] != BATCH_UNDER_WAY)
			continue;
		results_of(b->client[i]->name);
		end_late(b, i);
		results_of(NULL);
	}
	return 0;
}

/* One that the run would refuse has failed here, too. */
static void preview(struct batch *b, size_t i)
{
	results_of(b->client[i]->name);
	if (b->action->preview(b->session, b->client[i]) < 0)
		b->progress[i] = BATCH_FAILED;
	results_of(NULL);
}

static void wait_for(struct batch *b)
{
	AUTO_FREE char *line = NULL;

	if (asprintf(&line, "%s%s: wait until it %s", b->client[0]->name,
		    b->n > 1 ? " and others" : "", b->action->waiting) < 0)
		line = NULL;
	b->line = line ? line : b->action->waiting;
	operation_step(&b->session->operation, step_wait, b, "%s", b->line);
}

/* False: it is gone, or cannot be read. */
static bool read_again(struct batch *b, size_t i)
{
	results_of(b->client[i]->name);
	if (client_read_again(b->client[i]) < 0)
		b->progress[i] = BATCH_FAILED;
	results_of(NULL);
	return b->progress[i] != BATCH_FAILED;
}

static void run_batch(struct batch *b)
{
	struct operation *op = &b->session->operation;

	for (size_t i = 0; i < b->n; i++) {
		struct batch_one one = { b, i, 0 };

		b->progress[i] = BATCH_UNDER_WAY;
		if (b->again && !read_again(b, i))
			continue;
		operation_step(op, step_begin, &one, "%s: %s", b->client[i]->name, b->action->line);
		if (op->dry_run && b->action->preview)
			preview(b, i);
	}
	if (b->action->waiting && (op->dry_run || count(b, BATCH_UNDER_WAY)))
		wait_for(b);
}

/* --- all of them --- */

/* A number of those from `from` on, by --batch. */
static size_t batch_size(const struct client_session *s, size_t left)
{
	uint32_t wanted = s->context->client_options.batch;

	return wanted && wanted < left ? wanted : left;
}

static void collect(struct batch *b, struct batch_failures *failures, size_t *late)
{
	for (size_t i = 0; i < b->n; i++) {
		client_result(b->client[i]);
		if (b->progress[i] == BATCH_FAILED || b->progress[i] == BATCH_LATE)
			batch_failed(failures, &b->session->operation, b->client[i]->name);
		*late += b->progress[i] == BATCH_LATE;
	}
}

/* What was not begun is tried again by --retry-failed, too. */
static void leave_out(struct client_session *s, const struct client_selection *selection,
	size_t from, struct batch_failures *failures)
{
	uint32_t most = s->context->client_options.max_failures;

	if (from < selection->n)
		cli_error(0, "stopped after %zu failures%s; %zu were not tried", failures->n,
			most && failures->n >= most ? " (--max-failures)" : "",
			selection->n - from);
	for (size_t i = from; i < selection->n; i++)
		batch_failed(failures, &s->operation, selection->client[i]->name);
}

int batch_run(struct client_session *s, const struct client_selection *selection,
	const struct batch_action *action)
{
	const struct cmd_client_options *o = &s->context->client_options;
	uint32_t timeout = s->context->options.timeout;
	AUTO_FREE enum batch_progress *progress = calloc(selection->n + 1, sizeof(*progress));
	struct batch_failures failures = { 0 };
	bool locked = s->lock >= 0;
	size_t late = 0, at = 0, failed;
	int r;

	while (progress && at < selection->n &&
		(!o->max_failures || failures.n < o->max_failures)) {
		struct batch b = { .session = s,
			.action = action,
			.client = selection->client + at,
			.progress = progress,
			.n = batch_size(s, selection->n - at),
			.limit = timeout ? timeout : action->limit,
			.again = locked && s->lock < 0 };

		if (b.again && client_session_lock(s, b.limit) < 0)
			break;
		run_batch(&b);
		if (!s->operation.dry_run || action->preview)
			collect(&b, &failures, &late);
		at += b.n;
	}
	leave_out(s, selection, at, &failures);
	failed = failures.n;
	r = batch_report(&failures, action->done, selection->n,
		s->operation.dry_run ? "nothing was changed"
		: s->in_operation    ? "--retry-failed tries them again"
				     : "wait again");
	return r < 0 && failed == late ? -ETIMEDOUT : r;
}

/* --- a command --- */

/* The names that failed in the last run of a command. */
static int select_failed(
	struct client_session *s, const char *name, struct client_selection *selection)
{
	const struct oplog_operation *last;
	AUTO_FREE char **names = NULL;
	char words[64];

	snprintf(words, sizeof(words), "client %s", name);
	last = oplog_last(&s->log, words);
	if (!last || !last->n_failed)
		return -cli_error(ENOENT, "nothing failed in the last `xenfarm %s`", words);
	names = calloc(last->n_failed + 1, sizeof(*names));
	if (!names)
		return cli_error(-ENOMEM, "%s", words);
	memcpy(names, last->failed, last->n_failed * sizeof(*names));
	return client_select(s, names, false, selection);
}

int batch_command(
	void *options, char **arguments, const char *name, const struct batch_action *action)
{
	struct farm_context *c = options;
	const struct cmd_client_options *o = &c->client_options;
	AUTO_FREE const char **words = client_words(name, arguments);
	AUTO_CLIENT_SELECTION struct client_selection selection = { 0 };
	struct client_session s = { .lock = -1 };
	int r;

	if (!words)
		return EXIT_FAILURE;
	r = client_session_begin_change(&s, c, words, o->retry_failed ? NULL : arguments);
	if (r == 0 && o->retry_failed && (*arguments || o->all))
		r = -cli_error(EINVAL, "either names, --all or --retry-failed");
	else if (r == 0)
		r = o->retry_failed ? select_failed(&s, name, &selection)
				    : client_select(&s, arguments, o->all, &selection);
	if (r == 0)
		r = batch_run(&s, &selection, action);
	return client_session_end(&s, r);
}
