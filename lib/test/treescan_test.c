/* The scanner, on trees made for each test. */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "lib/test/scratch.h"
#include "lib/treescan.h"

static unsigned long errors;

static struct manifest *scan_with(struct treescan_options options)
{
	struct manifest *m;

	assert_int_equal(treescan(scratch, &options, &m, &errors), 0);
	return m;
}

static struct manifest *scan(void)
{
	return scan_with((struct treescan_options){ .digests = DIGEST_SHA256, .threads = 4 });
}

static struct manifest_entry *entry(const struct manifest *m, const char *path)
{
	struct manifest_entry *e = manifest_find(m, path);

	if (!e)
		fail_msg("%s is not in the list", path);
	return e;
}

static void kinds(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct manifest *m;

	(void)state;
	scratch_write("file", "hello");
	assert_int_equal(fchmodat(scratch, "file", 04711, 0), 0);
	assert_int_equal(mkdirat(scratch, "dir", 0700), 0);
	assert_int_equal(symlinkat("/a\nb", scratch, "link"), 0);
	assert_int_equal(mkfifoat(scratch, "dir/fifo", 0600), 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/sock", scratch_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	scratch_write("dir/new\nline \xff\xfe", "x");
	m = scan();
	close(fd);
	assert_int_equal(errors, 0);
	assert_int_equal(m->n, 7);
	assert_int_equal(m->entry[0]->type, MANIFEST_DIR);
	assert_string_equal(m->entry[0]->path, "");
	assert_int_equal(entry(m, "file")->mode, 04711);
	assert_int_equal(entry(m, "file")->size, 5);
	assert_int_equal(entry(m, "file")->uid, geteuid());
	assert_int_equal(entry(m, "file")->digest.sha256[0], 0x2c); /* of "hello" */
	assert_string_equal(entry(m, "link")->link, "/a\nb");
	assert_int_equal(entry(m, "dir/fifo")->type, MANIFEST_FIFO);
	assert_int_equal(entry(m, "sock")->type, MANIFEST_SOCKET);
	assert_int_equal(entry(m, "dir/new\nline \xff\xfe")->size, 1);
	manifest_free(m);
}

static void hard_links(void **state)
{
	struct manifest *m;

	(void)state;
	assert_int_equal(mkdirat(scratch, "d", 0755), 0);
	scratch_write("b", "one");
	assert_int_equal(linkat(scratch, "b", scratch, "d/a", 0), 0);
	scratch_write("alone", "two");
	assert_int_equal(linkat(scratch, "alone", scratch, "d/out", 0), 0);
	assert_int_equal(unlinkat(scratch, "d/out", 0), 0);
	scratch_write("a", "three");
	assert_int_equal(linkat(scratch, "a", scratch, "z", 0), 0);
	assert_int_equal(linkat(scratch, "a", scratch, "y", 0), 0);
	m = scan();
	assert_int_equal(entry(m, "a")->group, 1);
	assert_int_equal(entry(m, "y")->group, 1);
	assert_int_equal(entry(m, "z")->group, 1);
	assert_int_equal(entry(m, "z")->nlink, 3);
	assert_int_equal(entry(m, "b")->group, 2);
	assert_int_equal(entry(m, "d/a")->group, 2);
	assert_int_equal(entry(m, "alone")->group, 0);
	assert_memory_equal(entry(m, "a")->digest.sha256, entry(m, "z")->digest.sha256, 32);
	manifest_free(m);
}

static void attributes(void **state)
{
	const struct manifest_entry *e;
	struct manifest *m;
	char path[PATH_MAX];

	(void)state;
	scratch_write("f", "x");
	snprintf(path, sizeof(path), "%s/f", scratch_path);
	if (setxattr(path, "user.zzz", "\0\1", 2, 0) < 0 && errno == ENOTSUP)
		skip();
	assert_int_equal(setxattr(path, "user.empty", "", 0, 0), 0);
	m = scan();
	e = entry(m, "f");
	assert_int_equal(e->nxattrs, 2);
	assert_string_equal(e->xattr[0].name, "user.empty");
	assert_int_equal(e->xattr[0].size, 0);
	assert_string_equal(e->xattr[1].name, "user.zzz");
	assert_int_equal(e->xattr[1].size, 2);
	assert_memory_equal(e->xattr[1].value, "\0\1", 2);
	manifest_free(m);
	/* What overlayfs notes there is not the file's, and would not be taken elsewhere. */
	assert_int_equal(setxattr(path, "user.overlay.opaque", "y", 1, 0), 0);
	m = scan();
	assert_int_equal(entry(m, "f")->nxattrs, 2);
	manifest_free(m);
	for (int i = 0; i <= MANIFEST_XATTRS_MAX; i++) {
		char name[32];

		snprintf(name, sizeof(name), "user.%d", i);
		if (setxattr(path, name, "", 0, 0) < 0) {
			assert_int_equal(errno, ENOSPC); /* as many as fit */
			return;
		}
	}
	m = scan();
	assert_int_equal(errors, 1);
	assert_int_equal(entry(m, "f")->error, E2BIG);
	manifest_free(m);
}

/* The tree's accounts, whatever this machine calls the owner. */
static void names_of_owners(void **state)
{
	struct manifest *m = scan();
	char text[64];

	(void)state;
	assert_null(m->entry[0]->uname);
	manifest_free(m);
	assert_int_equal(mkdirat(scratch, "etc", 0755), 0);
	snprintf(text, sizeof(text), "me:x:%u:0::/:\ntoo:x:%u:0::/:\n", geteuid(), geteuid());
	scratch_write("etc/passwd", text);
	snprintf(text, sizeof(text), "us:x:%u:\n", getegid());
	scratch_write("etc/group", text);
	m = scan();
	assert_string_equal(entry(m, "etc/passwd")->uname, "me");
	assert_string_equal(entry(m, "")->gname, "us");
	manifest_free(m);
}

static bool is_d(const char *path, enum manifest_type type, void *arg)
{
	(void)arg;
	return strcmp(path, "d") == 0 && type == MANIFEST_DIR;
}

static void excludes(void **state)
{
	struct manifest *m;

	(void)state;
	assert_int_equal(mkdirat(scratch, "d", 0755), 0);
	scratch_write("d/inside", "x");
	scratch_write("d-e", "x");
	m = scan_with((struct treescan_options){ .exclude = is_d });
	assert_int_equal(m->n, 2);
	assert_int_equal(entry(m, "d-e")->digest.has, 0);
	manifest_free(m);
}

static void lists_without_reading(void **state)
{
	struct buf out = { 0 };
	struct manifest_error error;
	struct manifest *m;

	(void)state;
	assert_int_equal(mkdirat(scratch, "d", 0755), 0);
	scratch_write("d/inside", "x");
	m = scan_with((struct treescan_options){ .digests = DIGEST_SHA256, .shallow = is_d });
	assert_int_equal(m->n, 2);
	assert_true(entry(m, "d")->unread);
	/* It is not all of the tree: no manifest. */
	assert_int_equal(manifest_encode(m, &out, &error), -EBADMSG);
	assert_string_equal(error.rule, "the entry was not read");
	manifest_free(m);
	buf_free(&out);
}

/* Deeper than open files allow, and than a path can name: the rest is an error, not absent. */
static void deep(void **state)
{
	char name[201];
	int at = dup(scratch), below;
	struct manifest *m;

	(void)state;
	memset(name, 'n', 200);
	name[200] = '\0';
	for (int i = 0; i < 25; i++) {
		assert_int_equal(mkdirat(at, name, 0755), 0);
		below = openat(at, name, O_RDONLY | O_DIRECTORY);
		assert_true(below >= 0);
		close(at);
		at = below;
	}
	close(at);
	m = scan();
	assert_int_equal(errors, 1);
	assert_int_equal(m->n, 1 + MANIFEST_PATH_MAX / 201);
	assert_int_equal(m->entry[m->n - 1]->error, ENAMETOOLONG);
	manifest_free(m);
}

static void unreadable(void **state)
{
	struct manifest *m;

	(void)state;
	scratch_write("f", "x");
	assert_int_equal(mkdirat(scratch, "d", 0755), 0);
	scratch_write("d/inside", "x");
	assert_int_equal(fchmodat(scratch, "f", 0, 0), 0);
	assert_int_equal(fchmodat(scratch, "d", 0, 0), 0);
	/* Root reads everything: be somebody else while scanning. */
	if (geteuid() == 0) {
		assert_int_equal(fchown(scratch, 65534, 65534), 0);
		assert_int_equal(seteuid(65534), 0);
	}
	m = scan();
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(fchmodat(scratch, "d", 0755, 0), 0);
	assert_int_equal(errors, 2);
	assert_int_equal(entry(m, "f")->error, EACCES);
	assert_int_equal(entry(m, "d")->error, EACCES);
	manifest_free(m);
}

/* --- a file that changes: the scanner asks known() before it reads, which is the moment to do it
 * --- */

struct change {
	int times;
	bool vanish;
};

static bool change(
	const char *path, const struct statcache_key *key, struct digest *digest, void *arg)
{
	struct change *c = arg;

	(void)key, (void)digest;
	if (strcmp(path, "f") != 0 || c->times-- <= 0)
		return false;
	if (c->vanish)
		assert_int_equal(unlinkat(scratch, path, 0), 0);
	else
		scratch_write(path, c->times % 2 ? "longer" : "hello");
	return false;
}

static struct manifest *scan_changing(struct change *c)
{
	scratch_write("f", "before");
	scratch_write("other", "x");
	return scan_with((struct treescan_options){
		.digests = DIGEST_SHA256, .known = change, .arg = c, .threads = 2 });
}

static void changes_once(void **state)
{
	struct manifest *m = scan_changing(&(struct change){ .times = 1 });

	(void)state;
	assert_int_equal(errors, 0);
	assert_int_equal(entry(m, "f")->size, 5);
	assert_int_equal(entry(m, "f")->digest.sha256[0], 0x2c); /* of "hello" */
	manifest_free(m);
}

static void keeps_changing(void **state)
{
	struct manifest *m = scan_changing(&(struct change){ .times = 100 });

	(void)state;
	assert_int_equal(errors, 1);
	assert_int_equal(entry(m, "f")->error, EBUSY);
	assert_int_equal(entry(m, "other")->error, 0);
	manifest_free(m);
}

/* --- and one that changes while its bytes are read --- */

static int changes_left;

int __real_digester_fd(struct digester *digester, int fd, struct digest *digest, uint64_t *size);
int __wrap_digester_fd(struct digester *digester, int fd, struct digest *digest, uint64_t *size);

/* In the place of lib/digest.c's, by the linker: what was read is not what is there afterwards. */
int __wrap_digester_fd(struct digester *digester, int fd, struct digest *digest, uint64_t *size)
{
	int r = __real_digester_fd(digester, fd, digest, size);

	if (changes_left > 0) {
		/* Two ticks of the clock that stamps files. */
		usleep(20000);
		scratch_write("f", changes_left-- == 1 ? "hello" : "other");
	}
	return r;
}

static void changes_while_it_is_read(void **state)
{
	struct manifest *m;

	(void)state;
	scratch_write("f", "world");
	changes_left = 1;
	m = scan_with((struct treescan_options){ .digests = DIGEST_SHA256, .threads = 1 });
	assert_int_equal(errors, 0);
	assert_int_equal(changes_left, 0);
	assert_int_equal(entry(m, "f")->digest.sha256[0], 0x2c); /* of "hello" */
	manifest_free(m);
	changes_left = TREESCAN_RETRIES + 1;
	m = scan_with((struct treescan_options){ .digests = DIGEST_SHA256, .threads = 1 });
	assert_int_equal(entry(m, "f")->error, EBUSY);
	manifest_free(m);
	changes_left = 0;
}

static void vanishes(void **state)
{
	struct manifest *m = scan_changing(&(struct change){ .times = 1, .vanish = true });

	(void)state;
	assert_int_equal(errors, 0);
	assert_null(manifest_find(m, "f"));
	manifest_free(m);
}

/* One of two names vanishes: the other is there, and must not go with it. */
static void name_vanishes(void **state)
{
	struct change c = { .times = 1, .vanish = true };
	struct manifest *m;

	(void)state;
	scratch_write("f", "x");
	assert_int_equal(linkat(scratch, "f", scratch, "g", 0), 0);
	m = scan_with(
		(struct treescan_options){ .digests = DIGEST_SHA256, .known = change, .arg = &c });
	assert_int_equal(errors, 1);
	assert_int_equal(entry(m, "g")->error, EBUSY);
	manifest_free(m);
}

/* --- of what was walked before --- */

struct walk {
	const char *const *path;
	struct stat *st;
};

static bool next(const char **path, struct stat *st, void *arg)
{
	struct walk *w = arg;

	if (!*w->path)
		return false;
	*path = *w->path++;
	*st = *w->st++;
	return true;
}

static const char *const walked_paths[] = { "", "d", "d/e", "d/e/f", "d/g", "h", "link", NULL };

static void take_walk(struct stat st[7])
{
	assert_int_equal(mkdirat(scratch, "d", 0750), 0);
	assert_int_equal(mkdirat(scratch, "d/e", 0755), 0);
	scratch_write("d/e/f", "hello");
	scratch_write("d/g", "world");
	assert_int_equal(linkat(scratch, "d/g", scratch, "h", 0), 0);
	assert_int_equal(symlinkat("h", scratch, "link"), 0);
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(fstatat(scratch, walked_paths[i], &st[i],
					 AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH),
			0);
}

static struct manifest *scan_walked(struct stat *st)
{
	struct walk w = { walked_paths, st };

	return scan_with((struct treescan_options){
		.digests = DIGEST_SHA256, .threads = 1, .walked = next, .arg = &w });
}

static void takes_a_walk(void **state)
{
	struct stat st[7];
	struct manifest *a, *b;

	(void)state;
	take_walk(st);
	a = scan();
	/* What a walk has not seen is not there; one more link changes nothing but a ctime. */
	scratch_write("new", "x");
	assert_int_equal(linkat(scratch, "d/e/f", scratch, "d/another", 0), 0);
	b = scan_walked(st);
	assert_int_equal(errors, 0);
	assert_int_equal(b->n, a->n);
	for (size_t i = 1; i < a->n; i++) {
		assert_string_equal(a->entry[i]->path, b->entry[i]->path);
		assert_int_equal(manifest_compare(a->entry[i], b->entry[i]), 0);
		assert_int_equal(a->entry[i]->group, b->entry[i]->group);
	}
	manifest_free(a);
	manifest_free(b);
}

/* What was walked is not what is there: nothing of it may get into a manifest. */
static void walked_and_changed(void **state)
{
	struct stat st[7];
	struct manifest *m;

	(void)state;
	take_walk(st);
	assert_int_equal(unlinkat(scratch, "link", 0), 0);
	scratch_write("other", "hello");
	assert_int_equal(renameat(scratch, "other", scratch, "d/e/f"), 0);
	scratch_write("d/g", "world, changed");
	m = scan_walked(st);
	assert_int_equal(errors, 4);
	assert_int_equal(entry(m, "link")->error, EBUSY);
	assert_int_equal(entry(m, "d/e/f")->error, EBUSY);
	assert_int_equal(entry(m, "d/g")->error, EBUSY);
	assert_int_equal(entry(m, "h")->error, EBUSY);
	manifest_free(m);
}

static void walked_and_gone(void **state)
{
	struct stat st[7];
	struct manifest *m;

	(void)state;
	take_walk(st);
	assert_int_equal(unlinkat(scratch, "d/e/f", 0), 0);
	m = scan_walked(st);
	assert_int_equal(errors, 1);
	assert_int_equal(entry(m, "d/e/f")->error, EBUSY);
	manifest_free(m);
}

/* --- with a stat cache --- */

static struct manifest *scan_cached(void)
{
	struct treescan_options o = { .digests = DIGEST_SHA256 };
	struct manifest *m;

	assert_int_equal(statcache_open(AT_FDCWD, "cache", &o.cache), 0);
	m = scan_with(o);
	assert_int_equal(statcache_save(o.cache, AT_FDCWD, "cache"), 0);
	statcache_free(o.cache);
	return m;
}

/* A write of the same size that takes mtime back, at once after a scan: only ctime may tell. */
static void sees_racy_change(void **state)
{
	char directory[] = "/tmp/xf-cache-XXXXXX";
	struct timespec times[2] = { { 1, 0 }, { 1, 0 } };

	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(chdir(directory), 0);
	for (int i = 0; i < 200; i++) {
		struct manifest *m;

		scratch_write("f", i % 2 ? "hello" : "world");
		assert_int_equal(utimensat(scratch, "f", times, 0), 0);
		m = scan_cached();
		assert_int_equal(entry(m, "f")->digest.sha256[0], i % 2 ? 0x2c : 0x48);
		manifest_free(m);
	}
	assert_int_equal(unlink("cache"), 0);
	assert_int_equal(rmdir(directory), 0);
}

/* In a mount namespace of our own, which the tests after this one are in, too. */
static void mount_points(void **state)
{
	struct manifest *m;
	char path[64];

	(void)state;
	if (unshare(CLONE_NEWNS) < 0)
		skip();
	/* The descriptor still leads to the file systems as they were mounted before. */
	close(scratch);
	scratch = open(scratch_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	assert_int_equal(mkdirat(scratch, "m", 0755), 0);
	scratch_write("f", "x");
	snprintf(path, sizeof(path), "%s/m", scratch_path);
	assert_int_equal(mount("none", path, "tmpfs", 0, NULL), 0);
	scratch_write("m/inside", "x");
	m = scan_with((struct treescan_options){ .one_file_system = true });
	assert_true(entry(m, "m")->mountpoint);
	assert_false(entry(m, "f")->mountpoint);
	assert_null(manifest_find(m, "m/inside"));
	manifest_free(m);
	m = scan();
	assert_true(entry(m, "m")->mountpoint);
	assert_int_equal(entry(m, "m/inside")->size, 1);
	manifest_free(m);
	assert_int_equal(umount(path), 0);
}

static void not_a_directory(void **state)
{
	struct treescan_options o = { 0 };
	struct manifest *m;
	int fd;

	(void)state;
	scratch_write("f", "x");
	fd = openat(scratch, "f", O_RDONLY);
	assert_int_equal(treescan(fd, &o, &m, &errors), -ENOTDIR);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH_TEST(kinds),
		SCRATCH_TEST(hard_links),
		SCRATCH_TEST(attributes),
		SCRATCH_TEST(names_of_owners),
		SCRATCH_TEST(excludes),
		SCRATCH_TEST(lists_without_reading),
		SCRATCH_TEST(deep),
		SCRATCH_TEST(unreadable),
		SCRATCH_TEST(changes_once),
		SCRATCH_TEST(keeps_changing),
		SCRATCH_TEST(changes_while_it_is_read),
		SCRATCH_TEST(vanishes),
		SCRATCH_TEST(name_vanishes),
		SCRATCH_TEST(takes_a_walk),
		SCRATCH_TEST(walked_and_changed),
		SCRATCH_TEST(walked_and_gone),
		SCRATCH_TEST(sees_racy_change),
		SCRATCH_TEST(not_a_directory),
		SCRATCH_TEST(mount_points),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
