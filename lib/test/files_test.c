/* Safe file access, publishing, escapes, digests, keys, and the stat cache. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "lib/digest.h"
#include "lib/fsroot.h"
#include "lib/io.h"
#include "lib/publish.h"
#include "lib/signature.h"
#include "lib/statcache.h"
#include "lib/test/scratch.h"
#include "lib/vis.h"

/* --- vis --- */

static void vis(void **state)
{
	struct buf out = { 0 };
	char bytes[256], bad[] = "a\\08";
	size_t n;

	(void)state;
	for (int i = 0; i < 255; i++)
		bytes[i] = (char)(i + 1);
	vis_encode(&out, bytes, 255);
	buf_add(&out, "", 1);
	for (size_t i = 0; i + 1 < out.size; i++)
		assert_in_range(out.data[i], '!', '~');
	assert_null(strpbrk(out.data, "#=,\"*?["));
	assert_int_equal(vis_decode(out.data, out.size - 1, &n), 0);
	assert_int_equal(n, 255);
	assert_memory_equal(out.data, bytes, 255);
	assert_int_equal(vis_decode(bad, strlen(bad), &n), -EINVAL);
	buf_free(&out);
}

/* --- buffers --- */

static int memory_file(size_t n)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)n), 0);
	return fd;
}

static void buffers_have_limits(void **state)
{
	static const struct {
		size_t file, limit;
		int result;
	} rows[] = { { 0, 0, 0 }, { 1, 0, -EFBIG }, { 70000, 70000, 0 }, { 70001, 70000, -EFBIG },
		{ 300000, 70000, -EFBIG } };
	struct buf failed = { .failed = true }, empty = { 0 };

	(void)state;
	assert_non_null(buf_room(&empty, 0));
	buf_free(&empty);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int fd = memory_file(rows[i].file);
		struct buf buf = { 0 };

		assert_int_equal(buf_read(&buf, fd, rows[i].limit), rows[i].result);
		assert_true(buf.size <= rows[i].limit);
		if (rows[i].result == 0)
			assert_int_equal(buf.size, rows[i].file);
		close(fd);
		buf_free(&buf);
	}
	buf_puts(&failed, "x");
	assert_int_equal(failed.size, 0);
	assert_true(failed.failed);
	assert_null(buf_room(&failed, 1));
	failed = (struct buf){ 0 };
	assert_null(buf_room(&failed, SIZE_MAX));
	assert_true(failed.failed);
	buf_free(&failed);
}

/* --- fsroot: the same table for openat2 and for the walk --- */

typedef int open_fn(int root, const char *path, int flags, mode_t mode);

static const struct access {
	const char *path;
	int flags, result; /* 0: an fd */
} accesses[] = {
	{ "", O_RDONLY | O_DIRECTORY, 0 },
	{ "d/file", O_RDONLY, 0 },
	{ "d/e", O_PATH | O_DIRECTORY, 0 },
	{ "d/new", O_WRONLY | O_CREAT | O_EXCL, 0 },
	{ "d//file", O_RDONLY, 0 },
	{ "./d/./file", O_RDONLY, 0 },
	{ "absent", O_RDONLY, -ENOENT },
	{ "absent/file", O_RDONLY, -ENOENT },
	{ "d/file/below", O_RDONLY, -ENOTDIR },
	{ "d/file", O_RDONLY | O_DIRECTORY, -ENOTDIR },
	{ "/etc/passwd", O_RDONLY, -EXDEV },
	{ "..", O_RDONLY, -EXDEV },
	{ "link", O_RDONLY, -ELOOP },
	{ "link", O_PATH, 0 },
	{ "link/file", O_RDONLY, -ELOOP },
	{ "out", O_RDONLY | O_DIRECTORY, -ELOOP },
	{ "out/passwd", O_RDONLY, -ELOOP },
	{ "up/x", O_RDONLY, -ELOOP },
	{ "dangling", O_WRONLY | O_CREAT, -ELOOP },
};

static void opens(open_fn *function)
{
	assert_int_equal(mkdirat(scratch, "d", 0755), 0);
	assert_int_equal(mkdirat(scratch, "d/e", 0755), 0);
	scratch_write("d/file", "x");
	assert_int_equal(symlinkat("d", scratch, "link"), 0);
	assert_int_equal(symlinkat("/etc", scratch, "out"), 0);
	assert_int_equal(symlinkat("..", scratch, "up"), 0);
	assert_int_equal(symlinkat("nowhere", scratch, "dangling"), 0);
	for (size_t i = 0; i < sizeof(accesses) / sizeof(accesses[0]); i++) {
		const struct access *a = &accesses[i];
		int fd = function(scratch, a->path, a->flags, 0600);

		if (fd < 0 ? fd != a->result : a->result != 0)
			fail_msg("%s, flags %o: %d", a->path, (unsigned int)a->flags, fd);
		if (fd >= 0) {
			assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
			close(fd);
		}
	}
}

static void opens_by_openat2(void **state)
{
	(void)state;
	opens(fsroot_open);
}

static void opens_by_walk(void **state)
{
	(void)state;
	opens(fsroot_open_walk);
}

static void parents(void **state)
{
	const char *name;
	int fd;

	(void)state;
	assert_int_equal(mkdirat(scratch, "d", 0755), 0);
	fd = fsroot_parent(scratch, "d/x", &name);
	assert_true(fd >= 0);
	assert_string_equal(name, "x");
	assert_int_equal(mkdirat(fd, name, 0755), 0);
	assert_int_equal(faccessat(scratch, "d/x", F_OK, 0), 0);
	close(fd);
	fd = fsroot_parent(scratch, "top", &name);
	assert_true(fd >= 0);
	assert_string_equal(name, "top");
	close(fd);
	assert_int_equal(fsroot_parent(scratch, "", &name), -EINVAL);
	assert_int_equal(fsroot_parent(scratch, "/etc", &name), -EXDEV);
	assert_int_equal(fsroot_parent(scratch, "absent/x", &name), -ENOENT);
}

/* --- publish --- */

static void holds(const char *path, const char *text)
{
	char got[64] = "";
	int fd = openat(scratch, path, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, got, sizeof(got) - 1) >= 0);
	assert_string_equal(got, text);
	close(fd);
}

/* Only these names are in the scratch directory: "a b c ", sorted. */
static void only(const char *names)
{
	struct dirent **name;
	char got[256] = "";
	int n = scandirat(scratch, ".", &name, NULL, alphasort);

	assert_true(n >= 2);
	for (int i = 0; i < n; i++) {
		if (name[i]->d_name[0] != '.' || publish_is_temporary(name[i]->d_name))
			snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s ",
				name[i]->d_name);
		free(name[i]);
	}
	free(name);
	assert_string_equal(got, names);
}

static void publishes(void **state)
{
	struct publish p;
	struct stat st;
	mode_t mask = umask(0077);

	(void)state;
	scratch_write("f", "old");
	assert_int_equal(publish_begin(&p, scratch, "f", 0644), 0);
	assert_int_equal(io_write(p.fd, "new", 3), 0);
	holds("f", "old");
	assert_int_equal(publish_commit(&p), 0);
	holds("f", "new");
	assert_int_equal(fstatat(scratch, "f", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	umask(mask);
	assert_int_equal(publish_begin(&p, scratch, "f", 0644), 0);
	publish_abort(&p);
	holds("f", "new");
	assert_int_equal(mkdirat(scratch, "d", 0755), 0);
	assert_int_equal(publish_file(scratch, "d/g", 0600, "deep", 4), 0);
	holds("d/g", "deep");
	assert_int_equal(unlinkat(scratch, "d/g", 0), 0);
	assert_int_equal(unlinkat(scratch, "d", AT_REMOVEDIR), 0);
	only("f ");
}

static void names_its_temporary_files(void **state)
{
	struct publish p;

	(void)state;
	assert_int_equal(publish_begin(&p, scratch, "f", 0644), 0);
	assert_true(publish_is_temporary(p.temporary));
	assert_int_equal(faccessat(scratch, p.temporary, F_OK, 0), 0);
	publish_abort(&p);
	assert_false(publish_is_temporary("f"));
	assert_false(publish_is_temporary(".xfce"));
	only("");
}

/* A disk that is full after four bytes: a short write, and then an error. */
static void publishes_all_or_nothing(void **state)
{
	struct rlimit limit, four;
	int r;

	(void)state;
	scratch_write("f", "old");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	four = (struct rlimit){ 4, limit.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &four), 0);
	r = publish_file(scratch, "f", 0644, "new and longer", 14);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(r, -EFBIG);
	holds("f", "old");
	only("f ");
}

static void cleans_up_after_a_failed_commit(void **state)
{
	struct publish p;

	(void)state;
	assert_int_equal(publish_begin(&p, scratch, "f", 0644), 0);
	assert_int_equal(mkdirat(scratch, "f", 0755), 0);
	assert_int_equal(publish_commit(&p), -EISDIR);
	only("f ");
}

static void publishes_over_files_only(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(mkfifoat(scratch, "fifo", 0600), 0);
	scratch_write("f", "old");
	assert_int_equal(symlinkat("f", scratch, "link"), 0);
	assert_int_equal(publish_file(scratch, "fifo", 0644, "x", 1), -EEXIST);
	assert_int_equal(publish_file(scratch, "link", 0644, "x", 1), -EEXIST);
	assert_int_equal(publish_file(scratch, "absent/x", 0644, "x", 1), -ENOENT);
	assert_int_equal(fstatat(scratch, "fifo", &st, 0), 0);
	assert_true(S_ISFIFO(st.st_mode));
	only("f fifo link ");
}

/* --- digests: the examples of FIPS 180-4 and RFC 1321 for "abc" --- */

static const uint8_t abc_sha256[32] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41,
	0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4,
	0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad };
static const uint8_t abc_md5[16] = { 0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0, 0xd6, 0x96,
	0x3f, 0x7d, 0x28, 0xe1, 0x7f, 0x72 };

static void digests(void **state)
{
	struct digester *d;
	struct digest digest = { 0 };
	uint64_t size;
	int fd;

	(void)state;
	scratch_write("abc", "abc");
	fd = openat(scratch, "abc", O_RDONLY);
	assert_int_equal(digester_new(DIGEST_SHA256 | DIGEST_MD5, &d), 0);
	assert_int_equal(digester_fd(d, fd, &digest, &size), 0);
	assert_int_equal(size, 3);
	assert_int_equal(digest.has, DIGEST_SHA256 | DIGEST_MD5);
	assert_memory_equal(digest.sha256, abc_sha256, 32);
	assert_memory_equal(digest.md5, abc_md5, 16);
	assert_int_equal(digester_fd(d, scratch, &digest, &size), -EISDIR);
	digester_free(d);
	memset(&digest, 0, sizeof(digest));
	assert_int_equal(digester_new(DIGEST_SHA256, &d), 0);
	assert_int_equal(digester_begin(d), 0);
	assert_int_equal(digester_add(d, "a", 1), 0);
	assert_int_equal(digester_add(d, "bc", 2), 0);
	assert_int_equal(digester_end(d, &digest), 0);
	assert_int_equal(digest.has, DIGEST_SHA256);
	assert_memory_equal(digest.sha256, abc_sha256, 32);
	digester_free(d);
	close(fd);
}

/* --- keys --- */

static void keys(void **state)
{
	struct signature_key *private, *public, *other;
	uint8_t signature[SIGNATURE_BYTES];
	struct stat st;

	(void)state;
	assert_int_equal(fchdir(scratch), 0);
	assert_int_equal(signature_keygen("k"), 0);
	assert_int_equal(stat("k", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat("k.pub", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(signature_keygen("k"), -EEXIST);
	assert_int_equal(unlink("k"), 0);
	assert_int_equal(signature_keygen("k"), -EEXIST); /* k.pub stands */
	assert_int_equal(access("k", F_OK), -1);
	assert_int_equal(signature_keygen("l"), 0);
	assert_int_equal(signature_keygen("other"), 0);
	assert_int_equal(signature_read_private("l", &private), 0);
	assert_int_equal(signature_read_public("l.pub", &public), 0);
	assert_int_equal(signature_read_public("other.pub", &other), 0);
	assert_int_equal(signature_sign(private, "data", 4, signature), 0);
	assert_int_equal(signature_verify(public, "data", 4, signature), 0);
	assert_int_equal(signature_verify(other, "data", 4, signature), -EBADMSG);
	assert_int_equal(signature_verify(public, "date", 4, signature), -EBADMSG);
	signature[0] ^= 1;
	assert_int_equal(signature_verify(public, "data", 4, signature), -EBADMSG);
	signature_key_free(private);
	signature_key_free(public);
	signature_key_free(other);
}

static void not_keys(void **state)
{
	struct signature_key *key;

	(void)state;
	assert_int_equal(fchdir(scratch), 0);
	scratch_write("text", "hello\n");
	assert_int_equal(signature_read_public("text", &key), -EINVAL);
	assert_int_equal(signature_read_private("absent", &key), -ENOENT);
	assert_int_equal(signature_keygen("k"), 0);
	assert_int_equal(signature_read_private("k.pub", &key), -EINVAL);
	assert_int_equal(signature_keygen("absent/k"), -ENOENT);
	/* An RSA key (RFC 8017), of a kind that signs otherwise. */
	assert_int_equal(system("openssl genrsa -out rsa 2048 2>/dev/null"), 0);
	assert_int_equal(signature_read_private("rsa", &key), -EINVAL);
}

/* --- the stat cache --- */

static struct statcache *opened(void)
{
	struct statcache *cache;

	assert_int_equal(statcache_open(scratch, "cache", &cache), 0);
	return cache;
}

static void caches(void **state)
{
	struct statcache *cache = opened();
	struct stat st;
	struct statcache_key key = { 1, 2, 3, 4, 5 }, other = { 1, 3, 3, 4, 5 };
	struct digest digest = { .has = DIGEST_SHA256, .sha256 = { 9 } }, got;

	(void)state;
	assert_int_equal(statcache_add(cache, &key, &digest), 0);
	assert_int_equal(statcache_add(cache, &other, &digest), 0);
	assert_int_equal(statcache_save(cache, scratch, "cache"), 0);
	statcache_free(cache);
	cache = opened();
	assert_true(statcache_find(cache, &key, DIGEST_SHA256, &got));
	assert_int_equal(got.sha256[0], 9);
	assert_true(statcache_find(cache, &other, DIGEST_SHA256, &got));
	assert_false(statcache_find(cache, &key, DIGEST_SHA256 | DIGEST_MD5, &got));
	for (size_t i = 0; i < sizeof(key) / 8; i++) {
		struct statcache_key changed = key;

		((uint64_t *)&changed)[i]++;
		if (i != 1) /* that one is other */
			assert_false(statcache_find(cache, &changed, DIGEST_SHA256, &got));
	}
	/* Nobody else sees the digests of files that he cannot read. */
	assert_int_equal(fstatat(scratch, "cache", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	statcache_free(cache);
}

static void forgets_files_that_are_gone(void **state)
{
	struct statcache *cache = opened();
	struct statcache_key key = { 1, 2, 3, 4, 5 };
	struct digest digest = { .has = DIGEST_SHA256 }, got;

	(void)state;
	assert_int_equal(statcache_add(cache, &key, &digest), 0);
	assert_int_equal(statcache_save(cache, scratch, "cache"), 0);
	statcache_free(cache);
	cache = opened();
	assert_true(statcache_find(cache, &key, DIGEST_SHA256, &got));
	assert_int_equal(statcache_save(cache, scratch, "cache"), 0);
	statcache_free(cache);
	cache = opened();
	assert_false(statcache_find(cache, &key, DIGEST_SHA256, &got));
	statcache_free(cache);
}

static int64_t file_clock(void)
{
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_REALTIME_COARSE, &now), 0);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A file may change in the very tick of the file systems' clock in which the scan began. */
static void forgets_racily_clean_to_the_tick(void **state)
{
	struct digest digest = { .has = DIGEST_SHA256 }, got;
	struct statcache *cache;
	int64_t tick;

	(void)state;
	for (;;) {
		tick = file_clock();
		cache = opened();
		if (file_clock() == tick)
			break;
		statcache_free(cache);
	}
	/* In the order of dev and ino; the second of each pair is older by the least that there is.
	 */
	const struct {
		struct statcache_key key;
		bool kept;
	} rows[] = {
		{ { 1, 1, 3, tick, 5 }, false },
		{ { 1, 2, 3, tick - 1, 5 }, true },
		{ { 1, 3, 3, 4, tick }, false },
		{ { 1, 4, 3, 4, tick - 1 }, true },
	};

	for (size_t i = 0; i < 4; i++)
		assert_int_equal(statcache_add(cache, &rows[i].key, &digest), 0);
	assert_int_equal(statcache_save(cache, scratch, "cache"), 0);
	statcache_free(cache);
	cache = opened();
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(
			statcache_find(cache, &rows[i].key, DIGEST_SHA256, &got), rows[i].kept);
	statcache_free(cache);
}

static void forgets_racily_clean(void **state)
{
	struct statcache *cache = opened();
	int64_t later = INT64_MAX;
	struct statcache_key mtime = { 1, 2, 3, later, 5 }, ctime = { 1, 3, 3, 4, later };
	struct digest digest = { .has = DIGEST_SHA256 }, got;

	(void)state;
	assert_int_equal(statcache_add(cache, &mtime, &digest), 0);
	assert_int_equal(statcache_add(cache, &ctime, &digest), 0);
	assert_int_equal(statcache_save(cache, scratch, "cache"), 0);
	statcache_free(cache);
	cache = opened();
	assert_false(statcache_find(cache, &mtime, DIGEST_SHA256, &got));
	assert_false(statcache_find(cache, &ctime, DIGEST_SHA256, &got));
	statcache_free(cache);
}

static void distrusts_damaged_cache(void **state)
{
	struct statcache *cache = opened();
	struct statcache_key key = { 1, 2, 3, 4, 5 };
	struct digest digest = { .has = DIGEST_SHA256 }, got;
	struct stat st;

	(void)state;
	assert_int_equal(statcache_add(cache, &key, &digest), 0);
	assert_int_equal(statcache_save(cache, scratch, "cache"), 0);
	statcache_free(cache);
	assert_int_equal(fstatat(scratch, "cache", &st, 0), 0);
	for (off_t at = 0; at < st.st_size; at++) {
		int fd = openat(scratch, "cache", O_RDWR);
		unsigned char byte;

		assert_int_equal(pread(fd, &byte, 1, at), 1);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		cache = opened();
		assert_false(statcache_find(cache, &key, DIGEST_SHA256, &got));
		statcache_free(cache);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
		close(fd);
	}
	cache = opened();
	assert_true(statcache_find(cache, &key, DIGEST_SHA256, &got));
	statcache_free(cache);
}

/* --- directories above a path --- */

static void makes_parents(void **state)
{
	char path[PATH_MAX + 8], longest[PATH_MAX + 2];
	mode_t mask = umask(022);
	struct stat st;

	(void)state;
	snprintf(path, sizeof(path), "%s/a/b/c", scratch_path);
	assert_int_equal(fsroot_make_parents(path), 0);
	assert_int_equal(fstatat(scratch, "a/b", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(fstatat(scratch, "a/b/c", &st, 0), -1);
	umask(mask);
	assert_int_equal(fsroot_make_parents(path), 0);
	assert_int_equal(fsroot_make_parents(""), 0);
	assert_int_equal(fsroot_make_parents("/"), 0);
	assert_int_equal(fsroot_make_parents("name"), 0);
	scratch_write("file", "");
	snprintf(path, sizeof(path), "%s/file/b/c", scratch_path);
	assert_int_equal(fsroot_make_parents(path), -ENOTDIR);
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(fsroot_make_parents(longest), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vis),
		cmocka_unit_test(buffers_have_limits),
		SCRATCH_TEST(opens_by_openat2),
		SCRATCH_TEST(opens_by_walk),
		SCRATCH_TEST(parents),
		SCRATCH_TEST(makes_parents),
		SCRATCH_TEST(publishes),
		SCRATCH_TEST(names_its_temporary_files),
		SCRATCH_TEST(publishes_all_or_nothing),
		SCRATCH_TEST(cleans_up_after_a_failed_commit),
		SCRATCH_TEST(publishes_over_files_only),
		SCRATCH_TEST(digests),
		SCRATCH_TEST(keys),
		SCRATCH_TEST(not_keys),
		SCRATCH_TEST(caches),
		SCRATCH_TEST(forgets_files_that_are_gone),
		SCRATCH_TEST(forgets_racily_clean),
		SCRATCH_TEST(forgets_racily_clean_to_the_tick),
		SCRATCH_TEST(distrusts_damaged_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
