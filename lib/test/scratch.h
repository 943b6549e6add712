/* A scratch directory for a cmocka test: setup and teardown, and its fd as the test's state. */
#ifndef LIB_TEST_SCRATCH_H
#define LIB_TEST_SCRATCH_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char scratch_path[] = "/tmp/xf-test-XXXXXX";
static int scratch; /* fd */

static int scratch_setup(void **state)
{
	(void)state;
	memcpy(scratch_path + strlen(scratch_path) - 6, "XXXXXX", 6);
	if (!mkdtemp(scratch_path))
		return -1;
	scratch = open(scratch_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return scratch < 0 ? -1 : 0;
}

/* By rm, as a test may leave paths that are too long for nftw(3). */
static int scratch_teardown(void **state)
{
	char command[64];

	(void)state;
	close(scratch);
	if (chdir("/") < 0)
		return -1;
	snprintf(command, sizeof(command), "rm -rf %s", scratch_path);
	return system(command);
}

/* A file with this text, made or replaced in place. */
static void scratch_write(const char *path, const char *text)
{
	int fd = openat(scratch, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

#define SCRATCH_TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

#endif
