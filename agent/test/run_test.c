/* Other programs: their status, their time limit, and what they are given. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/run.h"

static char said[256];

/* sh -c SCRIPT; what it says is in said. */
static int shell(const char *script, unsigned int limit)
{
	const char *const argv[] = { "sh", "-c", script, NULL };
	int out = memfd_create("out", MFD_CLOEXEC), r = run(argv, out, limit, 0);
	ssize_t n = pread(out, said, sizeof(said) - 1, 0);

	said[n > 0 ? n : 0] = '\0';
	close(out);
	return r;
}

static void statuses(void **state)
{
	const char *const absent[] = { "xf-no-such-program", NULL };

	(void)state;
	assert_int_equal(shell("exit 0", 10), 0);
	assert_int_equal(shell("exit 3", 10), 3);
	assert_int_equal(shell("kill -TERM $$", 10), -EINTR);
	assert_int_equal(run(absent, -1, 10, 0), -ENOENT);
	assert_int_equal(shell("exit 4", 0), 4);
}

static void output_and_input(void **state)
{
	int ours = dup(0), pipes[2];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(write(pipes[1], "ours\n", 5), 5);
	assert_int_equal(dup2(pipes[0], 0), 0);
	close(pipes[0]);
	close(pipes[1]);
	assert_int_equal(shell("echo hello; cat; echo there", 10), 0);
	assert_string_equal(said, "hello\nthere\n");
	assert_int_equal(dup2(ours, 0), 0);
	close(ours);
}

static time_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Its children are killed, too: they would go on with what was given up. */
static void a_time_limit(void **state)
{
	time_t begin = seconds();
	pid_t child;
	int i;

	(void)state;
	assert_int_equal(shell("sleep 15 & echo $!; wait", 1), -ETIMEDOUT);
	assert_true(seconds() - begin < 10);
	child = (pid_t)atoi(said);
	assert_true(child > 0);
	for (i = 0; i < 100 && kill(child, 0) == 0; i++)
		usleep(20000);
	assert_true(i < 100);
}

static void a_search_path(void **state)
{
	char *path = strdup(getenv("PATH"));

	(void)state;
	assert_int_equal(unsetenv("PATH"), 0);
	assert_int_equal(shell("echo $PATH", 10), 0);
	assert_string_equal(said, "/usr/sbin:/usr/bin:/sbin:/bin\n");
	assert_int_equal(setenv("PATH", path, 1), 0);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses),
		cmocka_unit_test(output_and_input),
		cmocka_unit_test(a_time_limit),
		cmocka_unit_test(a_search_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
