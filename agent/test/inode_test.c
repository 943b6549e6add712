/* Single files: made with all their metadata, compared, put in order, removed. */
#include <errno.h>
#include <signal.h>
#include <sys/xattr.h>

#include "agent/transaction/inode.h"
#include "lib/test/scratch.h"

static struct stat status(const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(scratch, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st;
}

static struct manifest_entry file(const char *content)
{
	struct manifest_entry e = { .path = "",
		.nlink = 1,
		.mode = 0644,
		.size = strlen(content),
		.uid = geteuid(),
		.gid = getegid() };

	assert_int_equal(digest_bytes(content, e.size, DIGEST_SHA256, &e.digest), 0);
	return e;
}

static void makes(void **state)
{
	struct manifest_entry e = file("");
	int fd = inode_make(scratch, "f", &e);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(status("f").st_mode, S_IFREG | 0600);
	assert_int_equal(inode_make(scratch, "f", &e), -EEXIST);
	e.type = MANIFEST_LINK, e.link = "f";
	assert_int_equal(inode_make(scratch, "l", &e), 0);
	e.type = MANIFEST_FILE;
	assert_int_equal(inode_make(scratch, "l", &e), -EEXIST); /* not through the link */
	e.type = MANIFEST_DIR;
	assert_int_equal(inode_make(scratch, "d", &e), 0);
	assert_int_equal(status("d").st_mode, S_IFDIR | 0700);
	e.type = MANIFEST_FIFO;
	assert_int_equal(inode_make(scratch, "p", &e), 0);
	assert_int_equal(status("p").st_mode, S_IFIFO | 0600);
	e.type = MANIFEST_SOCKET;
	assert_int_equal(inode_make(scratch, "s", &e), -EINVAL);
}

/* Blocks of zeros are holes, and every byte reads as it was written. */
static void holes(void **state)
{
	static const size_t at[] = { 0, 4096, 5000, 20000, 99999 };
	size_t n = 100000;
	char *data = calloc(1, n), *back = malloc(n);
	int fd = openat(scratch, "f", O_RDWR | O_CREAT, 0600);

	(void)state;
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++)
		data[at[i]] = 'x';
	for (size_t from = 0, piece = 30000; from < n; from += piece)
		assert_int_equal(
			inode_write_sparse(fd, data + from, from + piece < n ? piece : n - from),
			0);
	assert_int_equal(ftruncate(fd, (off_t)n), 0);
	assert_int_equal(pread(fd, back, n, 0), n);
	assert_memory_equal(data, back, n);
	assert_true(status("f").st_blocks * 512 < (off_t)n / 2);
	close(fd);
	free(data);
	free(back);
}

/* --- metadata --- */

static void dresses(void **state)
{
	struct manifest_entry e = file("hello");
	struct stat st;

	(void)state;
	scratch_write("f", "hello");
	e.mode = 04755;
	e.mtime = (struct timespec){ 1000000000, 5 };
	assert_int_equal(inode_set_metadata(scratch, "f", &e, NULL, false), 0);
	assert_int_equal(status("f").st_mode & 07777, 04755);
	assert_int_not_equal(status("f").st_mtim.tv_sec, 1000000000);
	assert_int_equal(inode_set_metadata(scratch, "f", &e, NULL, true), 0);
	st = status("f");
	assert_int_equal(st.st_mtim.tv_sec, 1000000000);
	/* What is right already is not touched: no other ctime. */
	usleep(20000);
	assert_int_equal(inode_set_metadata(scratch, "f", &e, NULL, false), 0);
	assert_int_equal(status("f").st_ctim.tv_nsec, st.st_ctim.tv_nsec);
	e.type = MANIFEST_DIR;
	assert_int_equal(inode_set_metadata(scratch, "f", &e, NULL, false), -EBUSY);
	assert_int_equal(inode_set_metadata(scratch, "absent", &e, NULL, false), -ENOENT);
}

/* Each may undo the one after it: chown(2) takes set-uid bits and capabilities away. */
static void owner_then_mode_then_attributes(void **state)
{
	/* VFS_CAP_REVISION_2 with CAP_NET_RAW: capabilities(7). */
	static const uint8_t raw[20] = { 1, 0, 0, 2, 0, 0x20 };
	struct manifest_xattr x[] = { { "security.capability", raw, sizeof(raw) },
		{ "user.note", "n", 1 } };
	struct manifest_entry e = file("hello");
	char path[64], value[64];

	(void)state;
	if (geteuid() != 0) {
		print_message("only root may give files away\n");
		skip();
	}
	scratch_write("f", "hello");
	snprintf(path, sizeof(path), "%s/f", scratch_path);
	if (setxattr(path, "user.gone", "x", 1, 0) < 0)
		skip();
	e.uid = 7, e.gid = 8, e.mode = 06755, e.xattr = x, e.nxattrs = 2;
	for (int again = 0; again < 2; again++) {
		assert_int_equal(inode_set_metadata(scratch, "f", &e, NULL, false), 0);
		assert_int_equal(status("f").st_uid, 7);
		assert_int_equal(status("f").st_gid, 8);
		assert_int_equal(status("f").st_mode & 07777, 06755);
		assert_int_equal(getxattr(path, "security.capability", value, sizeof(value)), 20);
		assert_int_equal(getxattr(path, "user.note", value, sizeof(value)), 1);
		assert_int_equal(getxattr(path, "user.gone", value, sizeof(value)), -1);
		/* All is right but the owner: by that the rest is undone. */
		assert_int_equal(fchownat(scratch, "f", 1, 1, 0), 0);
		assert_int_equal(fchmodat(scratch, "f", 06755, 0), 0);
		assert_int_equal(setxattr(path, x[0].name, raw, sizeof(raw), 0), 0);
	}
}

/* A name that is a link by now does not lead anywhere. */
static void follows_nothing(void **state)
{
	struct manifest_entry e = file("");

	(void)state;
	scratch_write("outside", "x");
	assert_int_equal(fchmodat(scratch, "outside", 0600, 0), 0);
	assert_int_equal(symlinkat("outside", scratch, "f"), 0);
	e.mode = 0777;
	assert_int_equal(inode_set_metadata(scratch, "f", &e, NULL, false), -EBUSY);
	e.type = MANIFEST_LINK, e.link = "outside";
	assert_int_equal(inode_set_metadata(scratch, "f", &e, NULL, true), 0);
	assert_int_equal(status("outside").st_mode & 07777, 0600);
}

static void finishes(void **state)
{
	struct manifest_entry before = file("hello"), after = before;

	(void)state;
	scratch_write("f", "hello");
	before.mode = 04711, after.mode = 0755;
	assert_int_equal(fchmodat(scratch, "f", 04711, 0), 0);
	assert_int_equal(inode_finish_metadata(scratch, "f", &before, &after), 0);
	assert_int_equal(status("f").st_mode & 07777, 0755);
	/* What chown(2) leaves of it. */
	assert_int_equal(fchmodat(scratch, "f", 0711, 0), 0);
	assert_int_equal(inode_finish_metadata(scratch, "f", &before, &after), 0);
	assert_int_equal(status("f").st_mode & 07777, 0755);
	/* Neither: the administrator's. */
	assert_int_equal(fchmodat(scratch, "f", 0640, 0), 0);
	assert_int_equal(inode_finish_metadata(scratch, "f", &before, &after), -EBUSY);
	assert_int_equal(status("f").st_mode & 07777, 0640);
	before.uid = after.uid = geteuid() + 1;
	assert_int_equal(fchmodat(scratch, "f", 04711, 0), 0);
	assert_int_equal(inode_finish_metadata(scratch, "f", &before, &after), -EBUSY);
}

/* --- comparing --- */

static void compares(void **state)
{
	struct manifest_entry e = file("hello"), other;

	(void)state;
	scratch_write("f", "hello");
	assert_int_equal(inode_matches(scratch, "f", &e, INODE_CONTENT | INODE_MODE), 1);
	assert_int_equal(inode_matches(scratch, "absent", &e, INODE_CONTENT), 0);
	other = file("hullo");
	assert_int_equal(inode_matches(scratch, "f", &other, INODE_CONTENT), 0);
	assert_int_equal(inode_matches(scratch, "f", &other, INODE_MODE), 1);
	other = e, other.mode = 0600;
	assert_int_equal(inode_matches(scratch, "f", &other, INODE_CONTENT), 1);
	assert_int_equal(inode_matches(scratch, "f", &other, INODE_MODE), 0);
	other = e, other.uid++;
	assert_int_equal(inode_matches(scratch, "f", &other, INODE_MODE), 0);
	other = e, other.gid++;
	assert_int_equal(inode_matches(scratch, "f", &other, INODE_MODE), 0);
	other = e, other.type = MANIFEST_LINK, other.link = "x";
	assert_int_equal(inode_matches(scratch, "f", &other, INODE_CONTENT), 0);
	assert_int_equal(symlinkat("x", scratch, "l"), 0);
	assert_int_equal(inode_matches(scratch, "l", &other, INODE_CONTENT | INODE_MODE), 1);
	other.link = "y";
	assert_int_equal(inode_matches(scratch, "l", &other, INODE_CONTENT), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(makes),
		SCRATCH_TEST(holes),
		SCRATCH_TEST(dresses),
		SCRATCH_TEST(owner_then_mode_then_attributes),
		SCRATCH_TEST(follows_nothing),
		SCRATCH_TEST(finishes),
		SCRATCH_TEST(compares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
