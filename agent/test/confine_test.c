/*
 * The rights that xf-fetch gives up. What holds is asked of the kernel, in a child for each wall,
 * and not of the code that is tested.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/fetch/confine.h"

/* End a child. Not by _exit(), before which the address sanitizer makes calls that are refused. */
static void end(int status)
{
	syscall(SYS_exit_group, status);
}

/* Each check of a child has a number, which is its exit status if it does not hold. */
#define HOLDS(number, condition)     \
	do {                         \
		if (!(condition))    \
			end(number); \
	} while (0)

static void in_child(void (*checks)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		checks();
		end(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status)
		fail_msg("check %d does not hold (signal %d)", WEXITSTATUS(status),
			WTERMSIG(status));
}

static bool has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

static bool has_seccomp(void)
{
	return prctl(PR_GET_SECCOMP) == 0;
}

/* What the kernel says of this process: the number behind a word of /proc/self/status. */
static unsigned long long own_status(const char *word, int base)
{
	char text[8192] = "";
	const char *at;
	int fd = open("/proc/self/status", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	at = n > 0 ? strstr(text, word) : NULL;
	return at ? strtoull(at + strlen(word), NULL, base) : ~0ull;
}

/* --- the user --- */

static void user(void)
{
	bool root = geteuid() == 0;
	uid_t real, effective, saved;
	int death;

	if (root)
		HOLDS(12, setgroups(2, (const gid_t[]){ 0, 4 }) == 0);
	HOLDS(1, confine_user() == 0);
	HOLDS(2, getresuid(&real, &effective, &saved) == 0);
	if (root) {
		HOLDS(3, real == 65534 && effective == 65534 && saved == 65534);
		HOLDS(4, getresgid(&real, &effective, &saved) == 0);
		HOLDS(5, real == 65534 && effective == 65534 && saved == 65534);
		HOLDS(6, getgroups(0, NULL) == 0);
		HOLDS(7, own_status("\nCapEff:", 16) == 1u << CAP_NET_BIND_SERVICE);
		HOLDS(8, own_status("\nCapPrm:", 16) == 1u << CAP_NET_BIND_SERVICE);
	}
	HOLDS(9, own_status("\nNoNewPrivs:", 10) == 1);
	HOLDS(10, prctl(PR_GET_DUMPABLE) == 0);
	HOLDS(11, prctl(PR_GET_PDEATHSIG, &death) == 0 && death == SIGKILL);
}

static void becomes_nobody(void **state)
{
	(void)state;
	in_child(user);
}

/* --- memory --- */

static bool can_have(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		-1, 0);

	return p != MAP_FAILED && munmap(p, n) == 0;
}

static void memory(void)
{
	HOLDS(1, can_have(300u << 20));
	HOLDS(2, confine_memory() == 0);
	HOLDS(3, !can_have(300u << 20));
	HOLDS(4, can_have(200u << 20));
}

static void has_little_memory(void **state)
{
	(void)state;
	in_child(memory);
}

/* --- files --- */

static char temporary[] = "/tmp/xf-confine-XXXXXX";

static void files(void)
{
	int dir = open("/", O_RDONLY | O_DIRECTORY), fd = open(temporary, O_WRONLY);

	HOLDS(1, dir >= 0 && fd >= 0);
	HOLDS(2, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	HOLDS(3, confine_files() == 0);
	HOLDS(4, open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES);
	HOLDS(5, openat(dir, "etc/passwd", O_RDONLY) < 0 && errno == EACCES);
	HOLDS(6, open(temporary, O_WRONLY) < 0 && errno == EACCES);
	HOLDS(7, open("/tmp", O_RDONLY | O_DIRECTORY) < 0 && errno == EACCES);
	HOLDS(8, unlink(temporary) < 0 && errno == EACCES);
	HOLDS(9, mkdir("/tmp/xf-confine", 0700) < 0 && errno == EACCES);
	HOLDS(10, execl("/bin/true", "true", NULL) < 0 && errno == EACCES);
	/* What was open already is not touched. */
	HOLDS(11, write(fd, "x", 1) == 1);
}

static void opens_no_file(void **state)
{
	(void)state;
	if (!has_landlock()) {
		print_message("this kernel has no Landlock\n");
		skip();
	}
	close(mkstemp(temporary));
	in_child(files);
	assert_int_equal(unlink(temporary), 0);
}

/* --- system calls --- */

static void calls(void)
{
	int status = open("/proc/self/status", O_RDONLY);
	char text[8192] = "";

	HOLDS(1, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	HOLDS(2, confine_calls() == 0);
	HOLDS(3, read(status, text, sizeof(text) - 1) > 0);
	HOLDS(4, strstr(text, "\nSeccomp:\t2\n") != NULL);
	HOLDS(5, syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY) < 0 && errno == EPERM);
	HOLDS(6, syscall(SYS_fork) < 0 && errno == EPERM);
	HOLDS(7, execl("/bin/true", "true", NULL) < 0 && errno == EPERM);
	HOLDS(8, syscall(SYS_kill, syscall(SYS_getppid), 0) < 0 && errno == EPERM);
	HOLDS(9, syscall(SYS_ptrace, 0, 0, 0, 0) < 0 && errno == EPERM);
	HOLDS(10, socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EPERM);
	HOLDS(11, socket(AF_NETLINK, SOCK_RAW, 0) < 0 && errno == EPERM);
	HOLDS(12, socket(AF_PACKET, SOCK_RAW, 0) < 0 && errno == EPERM);
	HOLDS(13, syscall(SYS_setsid) < 0 && errno == EPERM);
	/* What it is for. */
	HOLDS(14, socket(AF_INET, SOCK_STREAM, 0) >= 0);
	HOLDS(15, socket(AF_INET6, SOCK_STREAM, 0) >= 0 || errno == EAFNOSUPPORT);
}

static void makes_few_calls(void **state)
{
	(void)state;
	if (!has_seccomp()) {
		print_message("this kernel has no seccomp, or this test runs under it\n");
		skip();
	}
	in_child(calls);
}

/* --- all of it --- */

static void all(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int status = open("/proc/self/status", O_RDONLY),
	    unix_socket = socket(AF_UNIX, SOCK_STREAM, 0);
	char text[8192] = "";
	bool landlock = has_landlock();

	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/xf-confine-%d", getpid());
	HOLDS(1, confine_user() == 0 && confine_rest() == 0);
	HOLDS(2, read(status, text, sizeof(text) - 1) > 0);
	HOLDS(3, strstr(text, "\nSeccomp:\t2\n") != NULL);
	HOLDS(4, !can_have(300u << 20));
	HOLDS(5, socket(AF_INET, SOCK_STREAM, 0) >= 0);
	/* The one call that makes a file and is not refused by seccomp: Landlock does. */
	HOLDS(6,
		!landlock || (bind(unix_socket, (struct sockaddr *)&address, sizeof(address)) < 0 &&
				     errno == EACCES));
}

static void gives_up_all(void **state)
{
	(void)state;
	if (!has_seccomp())
		skip();
	in_child(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(becomes_nobody),
		cmocka_unit_test(has_little_memory),
		cmocka_unit_test(opens_no_file),
		cmocka_unit_test(makes_few_calls),
		cmocka_unit_test(gives_up_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
