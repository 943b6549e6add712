/* The line for monitoring systems: what is said, how bad it is, and its performance data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/monitor.h"
#include "lib/array.h"

#define KNOWN .readable = true, .reached = true

static const struct row {
	struct monitor_facts facts;
	enum monitor_status status;
	const char *line;
} rows[] = {
	{ { KNOWN, 12, 12 }, MONITOR_OK,
		"XENFARM OK - generation 12 | conflicts=0;0;;0 deferred=0;0;;0 restarts=0;0;;0 "
		"reboot=0;0;;0;1 generation=12\n" },
	{ { KNOWN, 12, 0 }, MONITOR_OK, "XENFARM OK - generation 12 | " },
	{ { KNOWN, 12, 13 }, MONITOR_WARNING,
		"XENFARM WARNING - generation 12, generation 13 is available | " },
	{ { KNOWN, 12, 13, .rolled_back = 13 }, MONITOR_WARNING,
		"XENFARM WARNING - generation 12, generation 13 was rolled back | " },
	{ { KNOWN, 12, 12, .unfinished = true }, MONITOR_WARNING,
		"XENFARM WARNING - generation 12, a run is at work or was interrupted | " },
	{ { KNOWN, 12, 12, .conflicts = 2, .deferred = 3, .restarts = 4, .kernel = "6.1" },
		MONITOR_WARNING,
		"XENFARM WARNING - generation 12, 2 conflicts pending, 3 paths deferred, 4 "
		"processes to restart, reboot for kernel 6.1 | conflicts=2;0;;0 deferred=3;0;;0 "
		"restarts=4;0;;0 reboot=1;0;;0;1 generation=12\n" },
	{ { KNOWN, 12, 12, .restarts = 1 }, MONITOR_WARNING, "XENFARM WARNING - " },
	{ { KNOWN, 12, 12, .kernel = "6.1" }, MONITOR_WARNING, "XENFARM WARNING - " },
	{ { KNOWN, 12, 12, .deferred = 1 }, MONITOR_WARNING, "XENFARM WARNING - " },
	{ { KNOWN, 0, 12 }, MONITOR_CRITICAL,
		"XENFARM CRITICAL - generation 0, nothing was applied yet, generation 12 is "
		"available | " },
	{ { true, false, 12, 0, .conflicts = 1 }, MONITOR_CRITICAL,
		"XENFARM CRITICAL - generation 12, the share cannot be reached, 1 conflicts "
		"pending | " },
	{ { .reached = true }, MONITOR_UNKNOWN,
		"XENFARM UNKNOWN - the state directory cannot be read\n" },
};

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_BUF struct buf out = { 0 };

		assert_int_equal(monitor_line(&rows[i].facts, &out), rows[i].status);
		buf_add(&out, "", 1);
		assert_memory_equal(out.data, rows[i].line, strlen(rows[i].line));
		assert_ptr_equal(strchr(out.data, '\n'), (char *)out.data + out.size - 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_lines) };

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
