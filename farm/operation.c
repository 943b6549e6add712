#include "farm/operation.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "farm/output.h"
#include "farm/results.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/clock.h"
#include "lib/fsroot.h"
#include "lib/io.h"

/* --- the log: a JSON object in each line, written by one write(2) to an O_APPEND file, so that
 * those of several programs do not mix --- */

static struct json_object *record_new(const struct operation *op, const char *event)
{
	struct json_object *record = json_object_new_object();

	json_object_object_add(record, "id", json_object_new_string(op->id));
	json_object_object_add(record, "time", json_object_new_int64(time(NULL)));
	json_object_object_add(record, "event", json_object_new_string(event));
	return record;
}

static void add_text(struct json_object *record, const char *name, const char *text)
{
	json_object_object_add(record, name, json_object_new_string(text));
}

static void add_seconds(struct json_object *record, double seconds)
{
	char text[32];

	snprintf(text, sizeof(text), "%.3f", seconds);
	json_object_object_add(record, "seconds", json_object_new_double_s(seconds, text));
}

/* Write it and release it. */
static void record_write(struct operation *op, struct json_object *record)
{
	AUTO_BUF struct buf line = { 0 };
	int r;

	buf_puts(&line, json_object_to_json_string_ext(record, JSON_C_TO_STRING_PLAIN));
	buf_puts(&line, "\n");
	json_object_put(record);
	if (op->log < 0)
		return;
	r = line.failed ? -ENOMEM : io_write(op->log, line.data, line.size);
	if (r < 0) {
		cli_error(r, "warning: the log of operations cannot be written");
		close(op->log);
		op->log = -1;
	}
}

static int open_log(const char *path)
{
	int r = fsroot_make_parents(path), fd;

	fd = r < 0 ? r : open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	return fd < 0 ? cli_error(r < 0 ? r : -errno, "warning: the log of operations, %s", path)
		      : fd;
}

/* Who asked for it: sudo(8) tells who became root. */
const char *operation_user(void)
{
	const struct passwd *entry;
	const char *sudo = getenv("SUDO_USER");

	if (geteuid() == 0 && sudo && *sudo)
		return sudo;
	entry = getpwuid(getuid());
	return entry ? entry->pw_name : "unknown";
}

static void make_id(char id[static OPERATION_ID_SIZE])
{
	uint16_t number = (uint16_t)getpid();
	time_t now = time(NULL);
	struct tm tm;
	size_t n = strftime(id, OPERATION_ID_SIZE, "%Y%m%d-%H%M%S", gmtime_r(&now, &tm));

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		number = (uint16_t)getpid();
	snprintf(id + n, OPERATION_ID_SIZE - n, "-%04x", number);
}

void operation_begin(
	struct operation *op, const char *log, const char *const *command, bool dry_run)
{
	AUTO_BUF struct buf words = { 0 };
	struct json_object *record;

	*op = (struct operation){ .dry_run = dry_run, .log = -1, .began = clock_seconds() };
	make_id(op->id);
	results_begin(op->id, dry_run);
	if (dry_run || !log)
		return;
	/* Who reads our lines may end (head -n 1): what was begun goes on. */
	signal(SIGPIPE, SIG_IGN);
	op->log = open_log(log);
	for (size_t i = 0; command[i]; i++)
		buf_printf(&words, "%s%s", i ? " " : "", command[i]);
	buf_add(&words, "", 1);
	record = record_new(op, "begin");
	add_text(record, "user", operation_user());
	add_text(record, "command", words.failed ? "" : words.data);
	record_write(op, record);
}

int operation_end(struct operation *op, int status)
{
	struct json_object *record = record_new(op, "end");

	json_object_object_add(record, "status", json_object_new_int(status));
	add_seconds(record, clock_seconds() - op->began);
	record_write(op, record);
	if (op->log >= 0)
		close(op->log);
	op->log = -1;
	results_print(status);
	return status;
}

void operation_failed(struct operation *op, const char *name)
{
	struct json_object *record = record_new(op, "failed");

	add_text(record, "name", name);
	record_write(op, record);
	results_failed(name);
}

/* --- steps --- */

static void record_step(struct operation *op, const char *line, double seconds, int r)
{
	struct json_object *record = record_new(op, "step");

	add_text(record, "line", line);
	add_seconds(record, seconds);
	if (r < 0)
		add_text(record, "error", strerror(-r));
	record_write(op, record);
}

int operation_step(struct operation *op, int (*run)(void *arg), void *arg, const char *format, ...)
{
	AUTO_FREE char *line = NULL;
	double began = clock_seconds(), took;
	va_list args;
	int r;

	va_start(args, format);
	if (vasprintf(&line, format, args) < 0)
		line = NULL;
	va_end(args);
	if (!line)
		return cli_error(-ENOMEM, "%s", format);
	if (op->dry_run) {
		output_line("%s", line);
		return 0;
	}
	output_progress(line, 0, 0);
	r = run(arg);
	took = clock_seconds() - began;
	if (r == 0)
		output_line("%s (%.1f s)", line, took);
	record_step(op, line, took, r);
	return r;
}

void operation_show(const struct operation *op, const char *title, const char *text)
{
	if (!op->dry_run)
		return;
	output_line("%s:", title);
	output_text(text);
}

/* --- questions --- */

bool operation_confirm(bool yes, const char *format, ...)
{
	char answer[16] = "";
	va_list args;

	if (yes)
		return true;
	if (!isatty(STDIN_FILENO)) {
		cli_error(0, "nobody can be asked without a terminal; --yes confirms");
		return false;
	}
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs(" [y/N] ", stderr);
	if (!fgets(answer, sizeof(answer), stdin))
		return false;
	return answer[0] == 'y' || answer[0] == 'Y';
}
