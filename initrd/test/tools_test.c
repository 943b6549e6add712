/*
 * The share's programs, run in the tree that is made for them: a static busybox as the share's, in
 * a root of the test's own.
 */
#include "initrd/tools.h"

#include "initrd/clock.h"
#include "initrd/test/fake.h"
#include "initrd/test/sandbox.h"
#include "lib/test/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct mounted_share share = { .tree = "/mroot/live" };

/* It has no libraries, so it must be static. */
static int open_busybox(void)
{
	return system("! ldd /bin/busybox >/dev/null 2>&1") ? -1 : open("/bin/busybox", O_RDONLY);
}

static bool put(int from, const char *path)
{
	struct stat st;
	int to;

	sandbox_file(path, NULL);
	to = open(path, O_WRONLY | O_TRUNC);
	if (to < 0 || fstat(from, &st))
		return false;
	for (off_t left = st.st_size; left > 0;) {
		ssize_t n = sendfile(to, from, NULL, (size_t)left);

		if (n <= 0)
			return false;
		left -= n;
	}
	close(to);
	return chmod(path, 0755) == 0;
}

/* The exit status, or the error. */
static int run(const char *script, unsigned int limit)
{
	const char *const argv[] = { "/usr/bin/busybox", "sh", "-c", script, NULL };
	int rc, status = -1;

	fake_reset();
	rc = tools_run(&share, limit, argv, &status);
	return rc < 0 ? rc : status;
}

static void test_ends(void)
{
	const char *const none[] = { "/usr/bin/none", NULL };
	int status;

	CHECK(run("exit 0", 20) == 0 && run("exit 10", 20) == 10, "exit statuses");
	CHECK(run("kill -11 $$", 20) == 128 + 11, "a signal");
	CHECK(run("exit 127", 20) == -ENOENT, "a shell that does not find its program");
	CHECK(tools_run(&share, 20, none, &status) == -ENOENT, "a program that the share lacks");
	CHECK(!sandbox_exists("/tools/usr"), "the tree is gone afterwards");
}

static void test_output(void)
{
	CHECK(run("echo one; echo two >&2; printf three", 20) == 0, "output");
	CHECK(fake_logged("one\n") == 1 && fake_logged("two\n") == 1, "is logged by lines");
	run("printf %02000d 7; echo; echo end", 20);
	CHECK(fake_logged("7\n") == 1 && fake_logged("end\n") == 1, "a long one in pieces");
}

static void test_tree(void)
{
	CHECK(run("echo mine >/target/file; echo x >/run/x; exec 2>&-; echo y >/etc/y", 20) != 99 &&
			!strcmp(sandbox_read("/root/file"), "mine\n"),
		"the client's root is on /target");
	CHECK_STR(sandbox_read("/run/x"), "x\n", "/run is the initramfs's");
	CHECK(run("busybox cat /etc/release /mroot/current", 20) == 0 &&
			fake_logged("release") == 1 && fake_logged("12") == 1,
		"/etc and /mroot are the share's");
	CHECK(run("test ! -e /lib/xenfarm", 20) == 0, "and / is not the initramfs's");
	CHECK(run("echo $PATH $0 $HOME $LC_ALL $FROM_INIT", 20) == 0 &&
			fake_logged("/usr/sbin:/usr/bin:/sbin:/bin sh / C\n") == 1,
		"an environment of its own");
}

/* What it started must not go on either. */
static void test_limit(void)
{
	uint64_t begin = clock_ms();

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	CHECK(run("(busybox sleep 3; echo late >/run/late) & busybox sleep 600", 1) == -ETIMEDOUT,
		"a time limit");
	CHECK(clock_ms() - begin < 3000, "is kept");
	while (waitpid(-1, NULL, 0) > 0)
		;
	CHECK(clock_ms() - begin < 2900 && !sandbox_exists("/run/late"), "for its children, too");
	CHECK(!sandbox_exists("/tools/usr"), "and the tree is gone");
}

int main(void)
{
	static const char layout[] = "# xenfarm layout 1\nbind usr\nlink bin usr/bin\n";
	int busybox = open_busybox();
	const char *reason = busybox < 0 ? "no static /bin/busybox here" : sandbox_enter(), *what;
	unsigned int line;

	if (reason) {
		tap_skip("the share's programs", reason);
		return tap_done();
	}
	setenv("FROM_INIT", "yes", 1);
	layout_parse(layout, strlen(layout), &share.layout, &line, &what);
	CHECK(put(busybox, "/mroot/live/usr/bin/busybox"), "a busybox");
	sandbox_file("/mroot/live/etc/release", "release\n");
	sandbox_file("/mroot/current", "12\n");
	sandbox_file("/lib/xenfarm", NULL);
	for (const char *const *dir =
			(const char *const[]){ "/root", "/tools", "/proc", "/sys", "/run", NULL };
		*dir; dir++)
		mkdir(*dir, 0755);
	test_ends();
	test_output();
	test_tree();
	test_limit();
	return tap_done();
}
