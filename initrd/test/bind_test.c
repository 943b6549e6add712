/* A share's layout made true, by real mounts in a root of the test's own. */
#include "initrd/bind.h"

#include "initrd/root.h"
#include "initrd/test/fake.h"
#include "initrd/test/sandbox.h"
#include "lib/test/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static struct mounted_share share = { .tree = "/mroot/live" };

static void parse(const char *lines)
{
	static char text[512];
	unsigned int line;
	const char *what;

	snprintf(text, sizeof(text), "# xenfarm layout 1\n%s", lines);
	CHECK(layout_parse(text, strlen(text), &share.layout, &line, &what) == 0, "a layout");
	fake_reset();
}

/* As a client has it when it is bound: the share read-only, and a root of its own. */
static void fresh(void)
{
	sandbox_empty("/root");
	sandbox_empty("/mroot");
	sandbox_mount("/mroot");
	sandbox_mount("/root");
	sandbox_file("/mroot/live/usr/bin/sh", "the share's");
	sandbox_file("/mroot/live/usr/local/theirs", "the share's");
	sandbox_file("/mroot/live/etc/release", "release");
	sandbox_file("/mroot/gen/3/usr/bin/sh", "of generation 3");
	sandbox_file("/root/usr/local/mine", "mine");
	mount(NULL, "/mroot", NULL, MS_REMOUNT | MS_RDONLY, NULL);
}

static bool can_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0644);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void test_layout(void)
{
	static const char *const dirs[] = { "mroot", "dev", "proc", "sys", "run" };

	fresh();
	parse("bind usr\nbind etc/release\nlink bin usr/bin\nlink opt\nwriteable usr/local\n");
	CHECK(bind_root(&share) == 0, "a usual layout");
	CHECK_STR(sandbox_read("/root/usr/bin/sh"), "the share's", "a bound directory");
	CHECK(!can_write("/root/usr/bin/x") && !can_write("/root/usr/bin/sh"), "is read-only");
	CHECK_STR(sandbox_read("/root/etc/release"), "release", "a bound file");
	CHECK_STR(sandbox_read("/root/bin/sh"), "the share's", "a link");
	CHECK_STR(sandbox_read("/root/usr/local/mine"), "mine", "an island is the client's own");
	CHECK(!sandbox_exists("/root/usr/local/theirs"), "not the share's");
	CHECK(can_write("/root/usr/local/new"), "and writeable");
	for (unsigned int i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		char path[32];

		snprintf(path, sizeof(path), "/root/%s", dirs[i]);
		CHECK(sandbox_exists(path), path);
	}
	umount2("/root/usr/local", MNT_DETACH);
	umount2("/root/usr", MNT_DETACH);
	CHECK_STR(sandbox_read("/root/usr/local/new"), "", "what is written there");
	CHECK(sandbox_exists("/root/usr/local/new"), "is on the client's disk");
}

static const char *link_of(const char *path)
{
	static char target[256];
	ssize_t n = readlink(path, target, sizeof(target) - 1);

	target[n < 0 ? 0 : n] = '\0';
	return target;
}

static void test_links(void)
{
	fresh();
	parse("link opt\nlink bin usr/bin\n");
	sandbox_file("/root/opt/mine", "mine");
	CHECK(symlink("elsewhere", "/root/bin") == 0 && bind_root(&share) == 0,
		"what is in the way");
	CHECK_STR(sandbox_read("/root/opt/mine"), "mine", "a directory stays");
	CHECK(fake_logged("/opt is in the client's root and stays") == 1, "and is told");
	CHECK_STR(link_of("/root/bin"), "usr/bin", "a link is set right");
	CHECK(bind_root(&share) == 0 && fake_logged("stays") == 2, "so it is at the next boot");
}

static void test_pinned(void)
{
	fresh();
	parse("bind usr\nlink opt\n");
	strcpy(share.tree, "/mroot/gen/3");
	CHECK(bind_root(&share) == 0, "a pinned generation");
	CHECK_STR(sandbox_read("/root/usr/bin/sh"), "of generation 3", "is where files come from");
	CHECK_STR(link_of("/root/opt"), "/mroot/gen/3/opt", "and where links lead");
	strcpy(share.tree, "/mroot/live");
}

static void test_errors(void)
{
	fresh();
	parse("bind srv\n");
	CHECK(bind_root(&share) == -ENOENT, "a path that the share lacks");
	CHECK_STR(fake_object, "bind /mroot/live/srv on /root/srv", "is named");
	parse("bind usr\nwriteable usr/nowhere\n");
	CHECK(bind_root(&share) < 0 && fake_hint && strstr(fake_hint, "island"),
		"an island that the share has no place for");
}

int main(void)
{
	const char *reason = sandbox_enter();

	if (reason) {
		tap_skip("the layout", reason);
		return tap_done();
	}
	mkdir("/root", 0755);
	mkdir("/mroot", 0755);
	test_layout();
	test_links();
	test_pinned();
	test_errors();
	return tap_done();
}
