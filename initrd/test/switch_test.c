/* The last step, in a root of the test's own, by a process that is the first one of its namespace.
 */
#include "initrd/switch.h"

#include "initrd/test/fake.h"
#include "initrd/test/sandbox.h"
#include "lib/test/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

static long fake_magic; /* of the file system "/", or 0 for what it is */

int statfs(const char *path, struct statfs *fs)
{
	int rc = (int)syscall(SYS_statfs, path, fs);

	if (fake_magic)
		fs->f_type = fake_magic;
	return rc;
}

/* As the first process of a namespace. Its TAP lines are ours. */
static void as_pid_1(void (*run)(void))
{
	int status = 1;
	pid_t pid;

	fflush(stdout);
	if (unshare(CLONE_NEWPID) || (pid = fork()) < 0) {
		printf("Bail out! no namespace for processes\n");
		exit(1);
	}
	if (pid == 0) {
		run();
		exit(tap_done());
	}
	waitpid(pid, &status, 0);
	if (status)
		exit(1);
	exit(0);
}

static void test_check(void)
{
	CHECK(switch_check("/root") == 0, "pid 1, an initramfs, a root that is mounted");
	CHECK(switch_check("/no-mount") == -EXDEV, "a root that is not mounted is refused");
	CHECK(switch_check("/nowhere") == -ENOENT, "one that is not there is, too");
	fake_magic = 0x858458f6;
	CHECK(switch_check("/root") == 0, "an initramfs may be a ramfs");
	fake_magic = 0xef53;
	CHECK(switch_check("/root") == -EINVAL, "a / on a disk is never deleted");
	fake_magic = 0;
	rename("/init", "/old");
	CHECK(switch_check("/root") == -ENOENT, "nor one without /init");
	mkdir("/init", 0755);
	CHECK(switch_check("/root") == -ENOENT, "nor one with another /init than a program");
	rmdir("/init");
	rename("/old", "/init");
}

static void executable(const char *path)
{
	sandbox_file(path, "#!/none\n");
	chmod(path, 0755);
}

static const char *found(const char *wanted)
{
	const char *init = switch_find_init("/root", wanted);

	return init ? init : "none";
}

static void test_find(void)
{
	CHECK_STR(found(""), "none", "no init");
	CHECK(strstr(fake_object, "/sbin/init") != NULL, "and it is said");
	executable("/root/bin/sh");
	CHECK_STR(found(""), "/bin/sh", "a shell, if there is nothing else");
	executable("/root/bin/init");
	CHECK_STR(found(""), "/bin/init", "the kernel's list, in its order");
	executable("/root/etc/init");
	CHECK_STR(found(""), "/etc/init", "the kernel's list, on");
	executable("/root/usr/lib/systemd");
	mkdir("/root/sbin", 0755);
	CHECK(symlink("/usr/lib/systemd", "/root/sbin/init") == 0, "a link from the root's own /");
	CHECK_STR(found(""), "/sbin/init", "is followed there");
	CHECK_STR(found("/bin/sh"), "/bin/sh", "init= has the first word");
	CHECK_STR(found("/init"), "none", "what the initramfs has is not meant");
	chmod("/root/bin/sh", 0644);
	CHECK_STR(found("/bin/sh"), "none", "nor what cannot be executed");
}

/* The end: / is deleted, but for mounts, and the root is /. */
static void test_switch(void)
{
	char none[] = "none", *argv[] = { none, NULL };
	int other;

	sandbox_file("/deep/in/the/initramfs", "old");
	sandbox_file("/root/marker", "new");
	sandbox_mount("/other");
	sandbox_file("/other/file", "kept");
	other = open("/other", O_RDONLY | O_DIRECTORY);
	CHECK(switch_root("/root", "/nowhere/init", argv) == -ENOENT, "an init that is not there");
	CHECK_STR(sandbox_read("/marker"), "new", "its root has become /");
	CHECK(!sandbox_exists("/deep") && !sandbox_exists("/init"), "without the initramfs");
	CHECK(faccessat(other, "file", F_OK, 0) == 0, "what was mounted there was not deleted");
	CHECK_STR(argv[0], "/nowhere/init", "init gets its own name");
}

/* What was deleted is seen from a second process, in which nothing has moved. */
static void test_freed(void)
{
	int rootfs = open("/", O_RDONLY | O_DIRECTORY);

	test_switch();
	CHECK(faccessat(rootfs, "deep", F_OK, 0) < 0 && faccessat(rootfs, "init", F_OK, 0) < 0,
		"the initramfs was freed");
}

static void test_all(void)
{
	fake_reset();
	test_check();
	test_find();
	test_freed();
}

int main(void)
{
	const char *reason = sandbox_enter();

	if (reason) {
		tap_skip("the last step", reason);
		return tap_done();
	}
	sandbox_file("/init", NULL);
	mkdir("/no-mount", 0755);
	sandbox_mount("/root");
	CHECK(switch_check("/root") == -EPERM, "another process than the first is refused");
	as_pid_1(test_all);
}
