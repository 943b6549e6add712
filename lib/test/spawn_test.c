/* Programs that end, fail, hang, cannot be run, and what they inherit. */
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
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/spawn.h"

#define SHELL(script)                    \
	(const char *const[])            \
	{                                \
		"sh", "-c", script, NULL \
	}

/* Its exit status, which it has if it ran. */
static int status_of(const struct spawn *spawn)
{
	int status = -1;

	assert_int_equal(spawn_run(spawn, &status), 0);
	return status;
}

static int run(const char *script)
{
	return status_of(&(struct spawn){ .argv = SHELL(script), .out = -1, .kept = -1 });
}

/* The errno that it could not be run for. */
static int error_of(const struct spawn *spawn)
{
	int status;

	return spawn_run(spawn, &status);
}

/* What it writes to its standard output. */
static const char *output(struct spawn s)
{
	static char text[256];
	int fd = memfd_create("out", MFD_CLOEXEC);
	ssize_t n;

	s.out = fd;
	assert_int_equal(status_of(&s), 0);
	n = pread(fd, text, sizeof(text) - 1, 0);
	close(fd);
	assert_true(n >= 0);
	text[n] = '\0';
	return text;
}

static void reads(void **state)
{
	int fd = memfd_create("in", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(write(fd, "a text", 6), 6);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_string_equal(
		output((struct spawn){ .argv = SHELL("cat"), .in = fd, .kept = -1 }), "a text");
	close(fd);
	assert_string_equal(output((struct spawn){ .argv = SHELL("cat"), .kept = -1 }), "");
}

static void ends(void **state)
{
	(void)state;
	assert_int_equal(run("exit 0"), 0);
	assert_int_equal(run("exit 3"), 3);
	assert_int_equal(run("exit 127"), 127);
	assert_int_equal(run("kill -TERM $$"), 128 + SIGTERM);
	/* Also where we do not. */
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(run("kill -PIPE $$"), 128 + SIGPIPE);
	signal(SIGPIPE, SIG_DFL);
	assert_int_equal(status_of(&(struct spawn){
				 .argv = SHELL("exit 4"), .out = -1, .kept = -1, .limit = 10 }),
		4);
}

static void cannot_be_run(void **state)
{
	static const char *const none[] = { "no-such-program", NULL };
	static const char *const directory[] = { "/etc", NULL };

	(void)state;
	assert_int_equal(error_of(&(struct spawn){ .argv = none, .out = -1, .kept = -1 }), -ENOENT);
	assert_int_equal(
		error_of(&(struct spawn){ .argv = directory, .out = -1, .kept = -1 }), -EACCES);
	/* No process is left of the try. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* Its children, too: they would keep a pipe or a mount busy. */
static void hangs(void **state)
{
	struct timespec before, after;
	int ends[2];
	char c;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(error_of(&(struct spawn){ .argv = SHELL("sleep 8 & sleep 8"),
				 .out = -1,
				 .kept = ends[1],
				 .limit = 1 }),
		-ETIMEDOUT);
	close(ends[1]);
	assert_int_equal(read(ends[0], &c, 1), 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(after.tv_sec - before.tv_sec < 6);
	close(ends[0]);
}

static void inherits(void **state)
{
	int kept = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char script[128];

	(void)state;
	assert_string_equal(
		output((struct spawn){ .argv = SHELL("readlink /proc/self/fd/0"), .kept = -1 }),
		"/dev/null\n");
	snprintf(script, sizeof(script),
		"test -e /proc/$$/fd/%d && ! test -e /proc/$$/fd/%d && echo yes", kept, other);
	assert_string_equal(output((struct spawn){ .argv = SHELL(script), .kept = kept }), "yes\n");
	close(kept);
	close(other);
	unsetenv("PATH");
	assert_string_equal(output((struct spawn){ .argv = SHELL("echo $PATH"), .kept = -1 }),
		"/usr/sbin:/usr/bin:/sbin:/bin\n");
}

/* What waits in our standard input stays there; no terminal can be asked either. */
static void has_no_input(void **state)
{
	int ours = dup(STDIN_FILENO), ends[2];
	char text[8];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "ours\n", 5), 5);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	close(ends[1]);
	assert_string_equal(
		output((struct spawn){ .argv = SHELL("echo hello; cat; echo there"), .kept = -1 }),
		"hello\nthere\n");
	assert_int_equal(read(ends[0], text, sizeof(text)), 5);
	close(ends[0]);
	assert_int_equal(dup2(ours, STDIN_FILENO), STDIN_FILENO);
	close(ours);
	assert_string_equal(
		output((struct spawn){ .argv = SHELL("read -r _ _ _ _ _ session _ </proc/$$/stat; "
						     "test $session = $$ && echo own"),
			.kept = -1 }),
		"own\n");
}

/* Our standard input, and an output of its own. */
static void is_interactive(void **state)
{
	int ours = dup(STDIN_FILENO), ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "ours\n", 5), 5);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	close(ends[0]);
	close(ends[1]);
	assert_string_equal(
		output((struct spawn){
			.argv = SHELL("echo hello; cat"), .kept = -1, .interactive = true }),
		"hello\nours\n");
	assert_int_equal(dup2(ours, STDIN_FILENO), STDIN_FILENO);
	close(ours);
}

/* A parent that is killed takes it along. */
static void dies_with_its_parent(void **state)
{
	int ends[2];
	char c;
	pid_t parent;
	time_t begin = time(NULL);

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	parent = fork();
	if (parent == 0) {
		error_of(&(struct spawn){ .argv = SHELL("exec sleep 8"),
			.out = -1,
			.kept = ends[1],
			.dies_with_parent = true });
		_exit(0);
	}
	close(ends[1]);
	usleep(200000);
	kill(parent, SIGKILL);
	waitpid(parent, NULL, 0);
	assert_int_equal(read(ends[0], &c, 1), 0);
	assert_true(time(NULL) - begin < 6);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(ends),
		cmocka_unit_test(cannot_be_run),
		cmocka_unit_test(hangs),
		cmocka_unit_test(inherits),
		cmocka_unit_test(has_no_input),
		cmocka_unit_test(is_interactive),
		cmocka_unit_test(dies_with_its_parent),
	};

	alarm(120);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
