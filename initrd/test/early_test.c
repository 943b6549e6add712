/* The first and the last minutes: kernel file systems, the command line, what init sees of it. */
#include "initrd/early.h"

#include "initrd/nfs/mount.h"
#include "initrd/root.h"
#include "initrd/test/fake.h"
#include "initrd/test/sandbox.h"
#include "lib/paths.h"
#include "lib/test/tap.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char mounts[512];
static int mount_error;

/* What the kernel alone can mount is noted only. */
int mount(const char *source, const char *target, const char *type, unsigned long flags,
	const void *data)
{
	size_t n = strlen(mounts);

	if (!type)
		return (int)syscall(SYS_mount, source, target, type, flags, data);
	snprintf(mounts + n, sizeof(mounts) - n, "%s %s%s%s%s %s;", type, target,
		flags & MS_NOSUID ? " nosuid" : "", flags & MS_NODEV ? " nodev" : "",
		flags & MS_NOEXEC ? " noexec" : "", data ? (const char *)data : "");
	errno = mount_error;
	return mount_error ? -1 : 0;
}

static void test_mounts(void)
{
	CHECK(early_mounts() == 0, "the kernel's file systems");
	CHECK_STR(mounts,
		"proc /proc nosuid nodev noexec ;sysfs /sys nosuid nodev noexec ;"
		"devtmpfs /dev nosuid mode=0755;tmpfs /run nosuid nodev mode=0755,size=20%;",
		"are mounted");
	mount_error = EBUSY;
	CHECK(early_mounts() == 0, "those that the kernel mounted itself do no harm");
	mount_error = ENOMEM;
	CHECK(early_mounts() == -ENOMEM, "an error is one");
	mount_error = 0;
}

static int read_line(const char *line)
{
	static struct xf_cmdline cmdline;

	fake_reset();
	sandbox_file("/proc/cmdline", line);
	return early_cmdline(&cmdline);
}

static const char *host_name(void)
{
	static char name[65];

	gethostname(name, sizeof(name));
	return name;
}

static void test_cmdline(void)
{
	CHECK(read_line("quiet xfnet=10.0.0.9/24:10.0.0.1 xfname=web root=/dev/vda\n") == 0,
		"a line");
	CHECK_STR(host_name(), "web", "sets the host name, which NFSv4 identifies a client by");
	CHECK(read_line("xfnet=10.0.0.9/24:10.0.0.1\n") == 0, "a client without a name");
	CHECK_STR(host_name(), "xf-10-0-0-9", "is called by its address");
	CHECK(read_line("xfnet=10.0.0.9/24:10.0.0.1 xfnew=1\n") == 0 && fake_logged("xfnew") == 1,
		"an unknown option is a warning");
	CHECK(read_line("xfnet=10.0.0.999/24:10.0.0.1\n") == -EINVAL, "a malformed one an error");
	CHECK(fake_logged("10.0.0.999") == 1, "that shows the text");
	CHECK(read_line("root=/dev/vda\n") == -EINVAL, "and so is a line without xfnet=");
	unlink("/proc/cmdline");
	CHECK(read_line("") == -EINVAL, "and an empty one");
}

static void test_init_sees(void)
{
	char *argv[] = { (char *)"/init", (char *)"single", (char *)"xfdebug", (char *)"xfoo=1",
		(char *)"-z", NULL };
	char **kept;

	setenv("xfnet", "10.0.0.9/24:10.0.0.1", 1);
	setenv("xfnet.mtu", "1500", 1);
	setenv("xfshare", "/srv", 1);
	setenv("TERM", "linux", 1);
	early_save_arguments(5, argv);
	kept = early_arguments();
	CHECK_STR(kept[1], "single", "init's own words reach it");
	CHECK_STR(kept[2] ? kept[2] : "", "-z", "ours do not");
	CHECK(!kept[3], "and that is all");
	CHECK(!getenv("xfnet") && !getenv("xfnet.mtu") && !getenv("xfshare"),
		"nor in its environment");
	CHECK_STR(getenv("TERM") ? getenv("TERM") : "", "linux", "where the rest stays");
}

static void test_moves(void)
{
	static const char *const moved[] = { PATH_SHARE, "/dev", "/run" };
	char path[64];

	sandbox_mount(ROOT_DIR);
	for (unsigned int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), ROOT_DIR "%s", moved[i]);
		sandbox_file(path, NULL);
		unlink(path);
		mkdir(path, 0755);
		sandbox_mount(moved[i]);
		snprintf(path, sizeof(path), "%s/marker", moved[i]);
		sandbox_file(path, NULL);
	}
	CHECK(early_move_mounts() == 0, "the mounts");
	for (unsigned int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), ROOT_DIR "%s/marker", moved[i]);
		CHECK(sandbox_exists(path), path);
	}
	CHECK(early_move_mounts() == -EINVAL, "what is no mount cannot be moved");
}

int main(void)
{
	const char *reason = sandbox_enter();

	if (reason) {
		tap_skip("early and late", reason);
		return tap_done();
	}
	test_mounts();
	test_cmdline();
	test_init_sees();
	test_moves();
	return tap_done();
}
