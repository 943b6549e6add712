/* Operations: what a step does and what the log of it says afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/operation.h"
#include "farm/oplog.h"
#include "farm/output.h"
#include "lib/array.h"

static char directory[] = "/tmp/xf-operation-XXXXXX", path[64];

static int succeed(void *arg)
{
	++*(int *)arg;
	return 0;
}

static int not_possible(void *arg)
{
	++*(int *)arg;
	return -EBUSY;
}

static const char *const command[] = { "client", "start", "web1", NULL };

static void steps_run_and_are_logged(void **state)
{
	AUTO_OPLOG struct oplog log = { 0 };
	const struct oplog_operation *one;
	struct operation op;
	int calls = 0;

	(void)state;
	operation_begin(&op, path, command, false);
	assert_int_equal(operation_step(&op, succeed, &calls, "start %s", "web1"), 0);
	assert_int_equal(
		operation_step(&op, not_possible, &calls, "wait for \"%s\"", "web1"), -EBUSY);
	assert_int_equal(calls, 2);
	operation_failed(&op, "web1");
	assert_int_equal(operation_end(&op, 1), 1);

	assert_int_equal(oplog_read(path, &log), 0);
	assert_int_equal(log.n, 1);
	one = oplog_find(&log, op.id);
	assert_ptr_equal(one, log.operation);
	assert_string_equal(one->command, "client start web1");
	assert_true(*one->user != '\0');
	assert_true(one->began > 0);
	assert_int_equal(one->status, 1);
	assert_int_equal(one->n_steps, 2);
	assert_string_equal(one->step[0].line, "start web1");
	assert_null(one->step[0].error);
	assert_string_equal(one->step[1].line, "wait for \"web1\"");
	assert_non_null(one->step[1].error);
	assert_int_equal(one->n_failed, 1);
	assert_string_equal(one->failed[0], "web1");
	assert_ptr_equal(oplog_last(&log, "client start"), one);
	assert_null(oplog_last(&log, "client sta"));
	assert_null(oplog_find(&log, "20000101-000000-0000"));
}

static void a_dry_run_does_nothing(void **state)
{
	struct operation op;
	struct stat before, after;
	int calls = 0;

	(void)state;
	assert_int_equal(stat(path, &before), 0);
	operation_begin(&op, path, command, true);
	assert_int_equal(operation_step(&op, not_possible, &calls, "start"), 0);
	operation_failed(&op, "web1");
	operation_end(&op, 0);
	assert_int_equal(calls, 0);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
}

static void an_operation_without_a_log_goes_on(void **state)
{
	struct operation op;
	int calls = 0;

	(void)state;
	operation_begin(&op, "/proc/nobody/can/write", command, false);
	/* nor is it ended because nobody reads its lines any more */
	assert_int_equal(raise(SIGPIPE), 0);
	assert_int_equal(operation_step(&op, succeed, &calls, "start"), 0);
	assert_int_equal(operation_end(&op, 0), 0);
	assert_int_equal(calls, 1);
}

static void the_log_is_for_its_group_only(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
}

static void what_is_not_a_record_is_passed_over(void **state)
{
	static const char text[] =
		"\n{}\n[1]\nnull\n{\"id\":1,\"event\":\"begin\"}\n{\"id\":\"x\"}\n"
		"{\"id\":\"x\",\"event\":\"step\",\"line\":\"nobody's\"}\n"
		"{\"id\":\"a\",\"event\":\"begin\",\"user\":\"u\",\"command\":\"c\",\"time\":5}\n"
		"{\"id\":\"a\",\"event\":\"begin\",\"user\":\"v\",\"command\":\"d\"}\n"
		"{\"id\":\"a\",\"event\":\"step\"}\n{\"id\":\"a\",\"event\":\"failed\",\"name\":[]}"
		"\n"
		"{\"id\":\"a\",\"event\":\"dance\"}\n[[[[[[[[[[[[\n{\"id\":\"a\",\"event\":\"st";
	AUTO_OPLOG struct oplog log = { 0 };

	(void)state;
	assert_int_equal(oplog_parse(text, sizeof(text) - 1, &log), 0);
	assert_int_equal(log.n, 1);
	assert_string_equal(log.operation[0].user, "u");
	assert_int_equal(log.operation[0].began, 5);
	assert_int_equal(log.operation[0].status, -1);
	assert_int_equal(log.operation[0].n_steps, 0);
	assert_int_equal(log.operation[0].n_failed, 0);
}

static void no_log_is_an_empty_one(void **state)
{
	AUTO_OPLOG struct oplog log = { 0 };

	(void)state;
	assert_int_equal(oplog_read("/tmp/xf-operation-none/log", &log), 0);
	assert_int_equal(log.n, 0);
	assert_true(oplog_read(directory, &log) < 0);
}

static void nobody_is_asked_without_a_terminal(void **state)
{
	int kept = dup(STDIN_FILENO), none = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)state;
	dup2(none, STDIN_FILENO);
	assert_false(operation_confirm(false, "remove %s?", "web1"));
	assert_true(operation_confirm(true, "remove %s?", "web1"));
	dup2(kept, STDIN_FILENO);
	close(kept);
	close(none);
}

static int set_up(void **state)
{
	(void)state;
	output_be_quiet();
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/made/log", directory);
	return 0;
}

static int clean_up(void **state)
{
	char made[64];

	(void)state;
	unlink(path);
	snprintf(made, sizeof(made), "%s/made", directory);
	rmdir(made);
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_run_and_are_logged),
		cmocka_unit_test(a_dry_run_does_nothing),
		cmocka_unit_test(an_operation_without_a_log_goes_on),
		cmocka_unit_test(the_log_is_for_its_group_only),
		cmocka_unit_test(what_is_not_a_record_is_passed_over),
		cmocka_unit_test(no_log_is_an_empty_one),
		cmocka_unit_test(nobody_is_asked_without_a_terminal),
	};

	return cmocka_run_group_tests_name("operation", tests, set_up, clean_up);
}
