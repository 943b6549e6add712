/*
 * TAP for tests of modules that are built with glibc and with klibc, where there is no cmocka.
 * A test's main calls CHECK() and ends with `return tap_done();`. Format: testanything.org,
 * version 12.
 */
#ifndef LIB_TEST_TAP_H
#define LIB_TEST_TAP_H

#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

static inline int tap_check(int ok, const char *file, int line, const char *what)
{
	printf("%sok %d - %s\n", ok ? "" : "not ", ++tap_count, what);
	if (!ok) {
		tap_failed++;
		printf("# at %s:%d\n", file, line);
	}
	return ok;
}

/* CHECK(condition, name): name may hold what a table's row calls itself. */
#define CHECK(cond, name) tap_check((cond) ? 1 : 0, __FILE__, __LINE__, name)

static inline int tap_str(
	const char *got, const char *want, const char *file, int line, const char *what)
{
	int ok = strcmp(got, want) == 0;

	tap_check(ok, file, line, what);
	if (!ok)
		printf("# got:    %s\n# wanted: %s\n", got, want);
	return ok;
}

#define CHECK_STR(got, want, name) tap_str(got, want, __FILE__, __LINE__, name)

static inline void tap_skip(const char *what, const char *reason)
{
	printf("ok %d - %s # SKIP %s\n", ++tap_count, what, reason);
}

static inline int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}

#endif
