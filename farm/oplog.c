#include "farm/oplog.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

#define LINE_MAX_BYTES 65536 /* of a record; longer lines are passed over */

static const char *text_of(struct json_object *record, const char *name)
{
	struct json_object *value = json_object_object_get(record, name);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

static double seconds_of(struct json_object *record)
{
	return json_object_get_double(json_object_object_get(record, "seconds"));
}

static struct oplog_operation *find(const struct oplog *log, const char *id)
{
	for (size_t i = log->n; i-- > 0;)
		if (strcmp(log->operation[i].id, id) == 0)
			return &log->operation[i];
	return NULL;
}

static int take_begin(struct oplog *log, const char *id, struct json_object *record)
{
	const char *user = text_of(record, "user"), *command = text_of(record, "command");
	struct oplog_operation *op;

	if (!user || !command || find(log, id))
		return 0;
	if (!ARRAY_GROW(log->operation, log->n))
		return -ENOMEM;
	op = &log->operation[log->n++];
	*op = (struct oplog_operation){ .status = -1 };
	op->began = json_object_get_int64(json_object_object_get(record, "time"));
	op->id = strdup(id);
	op->user = strdup(user);
	op->command = strdup(command);
	return op->id && op->user && op->command ? 0 : -ENOMEM;
}

static int take_step(struct oplog_operation *op, struct json_object *record)
{
	const char *line = text_of(record, "line"), *error = text_of(record, "error");
	struct oplog_step *step;

	if (!line)
		return 0;
	if (!ARRAY_GROW(op->step, op->n_steps))
		return -ENOMEM;
	step = &op->step[op->n_steps++];
	*step = (struct oplog_step){
		.line = strdup(line),
		.error = error ? strdup(error) : NULL,
		.seconds = seconds_of(record),
	};
	return step->line && (step->error || !error) ? 0 : -ENOMEM;
}

static int take_failed(struct oplog_operation *op, struct json_object *record)
{
	const char *name = text_of(record, "name");

	if (!name)
		return 0;
	if (!ARRAY_GROW(op->failed, op->n_failed))
		return -ENOMEM;
	op->failed[op->n_failed] = strdup(name);
	return op->failed[op->n_failed++] ? 0 : -ENOMEM;
}

static int take(struct oplog *log, struct json_object *record)
{
	const char *id = text_of(record, "id"), *event = text_of(record, "event");
	struct oplog_operation *op;

	if (!id || !event)
		return 0;
	if (strcmp(event, "begin") == 0)
		return take_begin(log, id, record);
	op = find(log, id);
	if (!op)
		return 0;
	if (strcmp(event, "step") == 0)
		return take_step(op, record);
	if (strcmp(event, "failed") == 0)
		return take_failed(op, record);
	if (strcmp(event, "end") == 0) {
		op->status = json_object_get_int(json_object_object_get(record, "status"));
		op->seconds = seconds_of(record);
	}
	return 0;
}

static int take_line(struct oplog *log, const char *line, size_t n, struct json_tokener *parser)
{
	struct json_object *record = NULL;
	int r = 0;

	json_tokener_reset(parser);
	if (n > 0 && n <= LINE_MAX_BYTES)
		record = json_tokener_parse_ex(parser, line, (int)n);
	if (json_object_is_type(record, json_type_object))
		r = take(log, record);
	json_object_put(record);
	return r;
}

int oplog_parse(const char *text, size_t n, struct oplog *log)
{
	struct json_tokener *parser = json_tokener_new_ex(4);
	const char *end = text + n, *next;
	int r = parser ? 0 : -ENOMEM;

	*log = (struct oplog){ 0 };
	for (; r == 0 && text < end; text = next + 1) {
		next = memchr(text, '\n', (size_t)(end - text));
		if (!next)
			next = end;
		r = take_line(log, text, (size_t)(next - text), parser);
	}
	if (parser)
		json_tokener_free(parser);
	return r;
}

void oplog_free(struct oplog *log)
{
	for (size_t i = 0; i < log->n; i++) {
		struct oplog_operation *op = &log->operation[i];

		for (size_t j = 0; j < op->n_steps; j++) {
			free(op->step[j].line);
			free(op->step[j].error);
		}
		for (size_t j = 0; j < op->n_failed; j++)
			free(op->failed[j]);
		free(op->step);
		free(op->failed);
		free(op->id);
		free(op->user);
		free(op->command);
	}
	free(log->operation);
	*log = (struct oplog){ 0 };
}

int oplog_read(const char *path, struct oplog *log)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	AUTO_BUF struct buf text = { 0 };
	off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	int r;

	*log = (struct oplog){ 0 };
	if (fd < 0)
		return errno == ENOENT ? 0 : cli_error(-errno, "%s", path);
	if (lseek(fd, size > OPLOG_BYTES_MAX ? size - OPLOG_BYTES_MAX : 0, SEEK_SET) < 0)
		return cli_error(-errno, "%s", path);
	/* What is appended while this reads is left out. */
	r = buf_read(&text, fd, (size_t)OPLOG_BYTES_MAX + LINE_MAX_BYTES);
	if (r == 0 || r == -EFBIG)
		r = oplog_parse(text.data, text.size, log);
	return r < 0 ? cli_error(r, "%s", path) : 0;
}

const struct oplog_operation *oplog_find(const struct oplog *log, const char *id)
{
	return find(log, id);
}

const struct oplog_operation *oplog_last(const struct oplog *log, const char *words)
{
	size_t n = strlen(words);

	for (size_t i = log->n; i-- > 0;) {
		const char *command = log->operation[i].command;

		if (strncmp(command, words, n) == 0 && (command[n] == ' ' || !command[n]))
			return &log->operation[i];
	}
	return NULL;
}
