/*
 * The client's root: found among disks that are files, checked by an fsck that is a number, and
 * mounted by a mount(2) of this file's own.
 */
#include "initrd/root.h"

#include "initrd/superblock.h"
#include "initrd/test/fake.h"
#include "initrd/test/sandbox.h"
#include "initrd/tools.h"
#include "lib/test/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static char mounts[1024], fsck[256];
static int fsck_status;
static const char *mountable; /* the types that this kernel has */

int mount(const char *source, const char *target, const char *type, unsigned long flags,
	const void *data)
{
	size_t n = strlen(mounts);

	snprintf(mounts + n, sizeof(mounts) - n, "%s on %s type %s%s%s%s%s (%s);",
		source ? source : "-", target, type ? type : "-", flags & MS_RDONLY ? " ro" : "",
		flags & MS_REMOUNT ? " remount" : "", flags & MS_NOATIME ? " noatime" : "",
		flags & MS_NOSUID ? " nosuid" : "", data ? (const char *)data : "");
	if (!type || strstr(mountable, type))
		return 0;
	errno = ENODEV;
	return -1;
}

int tools_run(const struct mounted_share *share, unsigned int limit, const char *const argv[],
	int *status)
{
	(void)share;
	snprintf(fsck, sizeof(fsck), "%s %s %s%s", argv[0], argv[1], argv[2],
		limit ? "" : " without a limit");
	*status = fsck_status;
	return fsck_status < 0 ? fsck_status : 0;
}

/* What of an ext4 is looked at. */
static void make_disk(const char *name, const char *label, bool clean)
{
	static uint8_t bytes[SUPERBLOCK_BYTES];
	char path[64];
	int fd;

	memset(bytes, 0, sizeof(bytes));
	bytes[1024 + 0x38] = 0x53;
	bytes[1024 + 0x39] = 0xef;
	bytes[1024 + 0x3a] = clean;
	memset(bytes + 1024 + 0x68, 0x11, 16);
	memcpy(bytes + 1024 + 0x78, label, strlen(label));
	snprintf(path, sizeof(path), "/sys/class/block/%s", name);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "/dev/%s", name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	CHECK(fd >= 0 && write(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes), path);
	close(fd);
}

static struct xf_cmdline cmdline;
static struct mounted_root root;

static int mount_root(const char *options)
{
	static struct xf_problems problems;
	static struct mounted_share share;
	char text[256];
	int n = snprintf(text, sizeof(text), "xfnet=10.0.0.9/24:10.0.0.1 %s", options);

	fake_reset();
	mounts[0] = fsck[0] = '\0';
	CHECK(xf_cmdline_parse(text, (size_t)n, &cmdline, &problems) == 0, options);
	return root_mount(&cmdline, &share, &root);
}

static const struct {
	int status;
	bool mounted;
	const char *name;
} ends[] = {
	{ 0, true, "fsck finds nothing" },
	{ 1, true, "fsck corrects" },
	{ 2, true, "fsck wants a reboot, and nothing is mounted yet" },
	{ 3, true, "both" },
	{ 4, false, "fsck leaves errors" },
	{ 6, false, "it corrects some and leaves others" },
	{ 8, false, "fsck itself fails" },
	{ 128 + 9, false, "fsck is killed" },
	{ -ETIMEDOUT, false, "fsck takes too long" },
	{ -EIO, false, "fsck cannot be run" },
	{ -ENOENT, true, "there is no fsck" },
};

static void test_fsck(void)
{
	mountable = "ext4";
	make_disk("vda", "xf-root", true);
	fsck_status = 8;
	CHECK(mount_root("root=LABEL=xf-root") == 0, "a clean one");
	CHECK_STR(fsck, "", "is not checked");
	make_disk("vda", "xf-root", false);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		fsck_status = ends[i].status;
		CHECK((mount_root("root=LABEL=xf-root") == 0) == ends[i].mounted, ends[i].name);
		CHECK_STR(fsck, "/sbin/fsck.ext4 -p /dev/vda", "the share's, which repairs");
		CHECK(ends[i].mounted == !!mounts[0], ends[i].mounted ? "mounted" : "not mounted");
	}
	CHECK(fake_logged("mounted unchecked") == 1, "without an fsck, that is said");
	fsck_status = 0;
}

static void test_names(void)
{
	mountable = "ext4";
	make_disk("vda", "xf-root", true);
	make_disk("vdb", "other", true);
	CHECK(mount_root("root=LABEL=other") == 0, "a label is found");
	CHECK_STR(mounts, "/dev/vdb on /root type ext4 ();", "writeable, by its own type");
	CHECK(mount_root("root=UUID=11111111-1111-1111-1111-111111111111") == 0, "a UUID is found");
	CHECK(fake_logged("has the same root=") == 1, "two disks with it are told");
	CHECK(mount_root("") == -EINVAL, "no root= is an error");
	memset(&root, 0, sizeof(root));
}

static void test_options(void)
{
	mountable = "ext4";
	CHECK(mount_root("root=LABEL=other rootflags=noatime,data=journal,nosuid,commit=60 ro") ==
			0,
		"rootflags=");
	CHECK_STR(mounts, "/dev/vdb on /root type ext4 noatime nosuid (data=journal,commit=60);",
		"flags are told from the file system's options");
	mounts[0] = '\0';
	CHECK(root_finish(&cmdline, &root) == 0, "at the end");
	CHECK_STR(mounts, "- on /root type - ro remount noatime nosuid ();", "it is read-only");
	mount_root("root=LABEL=other rw");
	mounts[0] = '\0';
	CHECK(root_finish(&cmdline, &root) == 0 && !mounts[0], "with rw it stays writeable");
	CHECK(mount_root("root=LABEL=other rootfstype=ext3,ext4,ext2") == 0, "a list of types");
	CHECK_STR(mounts, "/dev/vdb on /root type ext3 ();/dev/vdb on /root type ext4 ();",
		"up to the first that does");
	mountable = "xfs";
	CHECK(mount_root("root=LABEL=other") == -ENODEV, "a type that the kernel lacks");
}

static void test_memory(void)
{
	mountable = "tmpfs";
	CHECK(mount_root("root=tmpfs,size=150M ro") == 0, "a root in memory");
	CHECK_STR(mounts, "tmpfs on /root type tmpfs (mode=755,size=150M);", "with its options");
	mounts[0] = '\0';
	CHECK(root_finish(&cmdline, &root) == 0 && !mounts[0],
		"is never read-only: nothing would make it writeable again");
	mountable = "";
	CHECK(mount_root("root=tmpfs,size=9M") == -ENODEV, "an error is one");
}

int main(void)
{
	const char *reason = sandbox_enter();

	if (reason) {
		tap_skip("the root", reason);
		return tap_done();
	}
	sandbox_file("/sys/class/block/none", NULL);
	unlink("/sys/class/block/none");
	mkdir("/dev", 0755);
	test_fsck();
	test_names();
	test_options();
	test_memory();
	return tap_done();
}
