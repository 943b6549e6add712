/* xenfarm log: what was done to the farm, when and by whom. */
#include "farm/cmd-log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "farm/oplog.h"
#include "farm/output.h"
#include "farm/table.h"
#include "farm/xenfarm.h"
#include "lib/array.h"
#include "lib/cleanup.h"

static const struct table_column operations[] = {
	{ "id", "ID", TABLE_TEXT, false },
	{ "time", "TIME", TABLE_TEXT, false },
	{ "user", "USER", TABLE_TEXT, false },
	{ "status", "STATUS", TABLE_NUMBER, false },
	{ "seconds", "SECONDS", TABLE_NUMBER, false },
	{ "command", "COMMAND", TABLE_TEXT, false },
	{ "failed", "FAILED", TABLE_TEXT, true },
};

static const struct table_column steps[] = {
	{ "line", "STEP", TABLE_TEXT, false },
	{ "seconds", "SECONDS", TABLE_NUMBER, false },
	{ "error", "ERROR", TABLE_TEXT, false },
};

static void join(char *const *names, size_t n, struct buf *text)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(text, "%s%s", i ? " " : "", names[i]);
	buf_add(text, "", 1);
}

static int add_operation(struct table *table, const struct oplog_operation *op)
{
	char began[32], status[16], seconds[32];
	const char *cells[ARRAY_SIZE(operations)] = { op->id, began, op->user, status, seconds,
		op->command };
	time_t at = (time_t)op->began;
	AUTO_BUF struct buf failed = { 0 };
	struct tm tm;

	strftime(began, sizeof(began), "%Y-%m-%d %H:%M:%S", localtime_r(&at, &tm));
	snprintf(status, sizeof(status), "%d", op->status);
	snprintf(seconds, sizeof(seconds), "%.1f", op->seconds);
	if (op->status < 0) /* it is at work, or was cut off */
		cells[3] = cells[4] = NULL;
	join(op->failed, op->n_failed, &failed);
	if (op->n_failed && !failed.failed)
		cells[6] = failed.data;
	return table_add(table, cells);
}

static int add_step(struct table *table, const struct oplog_step *step)
{
	char seconds[32];
	const char *cells[ARRAY_SIZE(steps)] = { step->line, seconds, step->error };

	snprintf(seconds, sizeof(seconds), "%.1f", step->seconds);
	return table_add(table, cells);
}

static int print_operations(const struct oplog *log, const struct table_style *style)
{
	AUTO_TABLE struct table *table =
		table_new("operations", operations, ARRAY_SIZE(operations));
	int r = table ? 0 : -ENOMEM;

	for (size_t i = 0; i < log->n && r == 0; i++)
		r = add_operation(table, &log->operation[i]);
	return r == 0 ? table_print(table, style) : cli_error(r, "the log");
}

static int print_steps(const struct oplog_operation *op, const struct table_style *style)
{
	AUTO_TABLE struct table *table = table_new("steps", steps, ARRAY_SIZE(steps));
	int r = table ? 0 : -ENOMEM;

	for (size_t i = 0; i < op->n_steps && r == 0; i++)
		r = add_step(table, &op->step[i]);
	return r == 0 ? table_print(table, style) : cli_error(r, "the log");
}

static int cmd_log(void *options, char **arguments)
{
	struct farm_context *c = options;
	AUTO_OPLOG struct oplog log = { 0 };
	const struct oplog_operation *op = NULL;
	int r = farm_context_configure(c);

	if (r == 0)
		r = oplog_read(c->settings.log, &log);
	if (r == 0 && arguments[0]) {
		op = oplog_find(&log, arguments[0]);
		if (!op)
			r = -cli_error(
				ENOENT, "unknown operation: %s; see `xenfarm log`", arguments[0]);
	}
	if (r == 0)
		r = op ? print_steps(op, &c->style) : print_operations(&log, &c->style);
	return farm_exit_status(r);
}

static const struct cli_command commands[] = {
	{ "log", cmd_log, "config json format columns sort filter no-header", NULL, "[ID]", 0, 1,
		"what was done to the farm, or the steps of one operation",
		"  xenfarm log --filter user=ann\n", false },
};

const struct cli_table cmd_log_table = { .commands = commands, .n_commands = ARRAY_SIZE(commands) };
