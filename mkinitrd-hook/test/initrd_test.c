/* Initrds taken apart, indexed, exchanged and unpacked: all from bytes made here. */
#include "mkinitrd-hook/image/exchange.h"
#include "mkinitrd-hook/image/unpack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LIMIT (64u << 20)

static const struct cpio_entry directory = { .mode = S_IFDIR | 0755 };

static struct cpio_entry file(const char *text)
{
	return (struct cpio_entry){ .mode = S_IFREG | 0755, .data = text, .size = strlen(text) };
}

static struct cpio_entry link_to(const char *target)
{
	return (struct cpio_entry){
		.mode = S_IFLNK | 0777, .data = target, .size = strlen(target)
	};
}

/* Appends an archive of the entries as they are, in this order, hard links and all. */
static void add_archive(struct blob *to, const struct cpio_entry *entry, size_t n)
{
	struct buf out = { 0 };

	buf_add(&out, to->data, to->size);
	for (size_t i = 0; i < n; i++) {
		struct cpio_entry e = entry[i];

		e.nlink = e.nlink ? e.nlink : 1;
		assert_int_equal(cpio_write(&out, &e), 0);
	}
	assert_int_equal(cpio_write_end(&out), 0);
	free(to->data);
	*to = blob_take(&out);
}

static void add_bytes(struct blob *to, const void *bytes, size_t n)
{
	to->data = realloc(to->data, to->size + n);
	memcpy(to->data + to->size, bytes, n);
	to->size += n;
}

static void add_packed(struct blob *to, const struct codec *codec, const struct blob *content)
{
	BLOB packed = { 0 };

	assert_int_equal(codec_pack(codec, content, 1, &packed), 0);
	add_bytes(to, packed.data, packed.size);
}

static struct cpio_entry named(const char *name, struct cpio_entry entry)
{
	entry.name = name;
	return entry;
}

/* Early microcode, then what initramfs-tools makes on a merged /usr, packed. */
static struct blob typical(const struct codec *codec)
{
	const struct cpio_entry early[] = { named("kernel", directory),
		named("kernel/ucode.bin", file("microcode")) };
	const struct cpio_entry main_part[] = { named(".", directory),
		named("bin", link_to("usr/bin")), named("init", file("the old init")),
		named("lib", link_to("usr/lib")), named("sbin", link_to("usr/sbin")),
		named("usr", directory), named("usr/bin", directory),
		named("usr/bin/sh", file("a shell")), named("usr/lib", directory),
		named("usr/lib/modules", directory), named("usr/lib/modules/6.1", directory),
		named("usr/sbin", directory),
		named("usr/sbin/modprobe", link_to("/usr/bin/kmod")) };
	struct blob image = { 0 };
	BLOB content = { 0 };

	add_archive(&image, early, 2);
	add_archive(&content, main_part, sizeof(main_part) / sizeof(*main_part));
	add_packed(&image, codec, &content);
	return image;
}

static struct cpio_tree ours(const char *init)
{
	struct cpio_tree image = { 0 };

	assert_int_equal(cpio_tree_add(&image, directory, "bin"), 0);
	assert_int_equal(cpio_tree_add(&image, file("busybox"), "bin/busybox"), 0);
	assert_int_equal(cpio_tree_add(&image, link_to("busybox"), "bin/sh"), 0);
	assert_int_equal(cpio_tree_add(&image, file(init), "init"), 0);
	assert_int_equal(cpio_tree_add(&image, directory, "lib"), 0);
	assert_int_equal(cpio_tree_add(&image, directory, "lib/xenfarm"), 0);
	assert_int_equal(cpio_tree_add(&image, file(init), "lib/xenfarm/%s.ko", init), 0);
	assert_int_equal(cpio_tree_add(&image, directory, "mroot"), 0);
	assert_int_equal(cpio_tree_add(&image, directory, "sbin"), 0);
	assert_int_equal(cpio_tree_add(&image, link_to("/init"), "sbin/modprobe"), 0);
	assert_int_equal(cpio_tree_add(&image, file("our shutdown"), "shutdown"), 0);
	return image;
}

static struct segments segments;
static struct initrd_index all_files;

static void take_apart(const struct blob *image)
{
	assert_int_equal(segments_read(image, LIMIT, &segments), 0);
	assert_int_equal(index_read(&segments, &all_files), 0);
}

static void put_away(void)
{
	index_free(&all_files);
	segments_free(&segments);
}

static struct blob exchange(const struct blob *image, const char *init)
{
	struct cpio_tree in = ours(init);
	struct exchange how = { .image = image,
		.segments = &segments,
		.index = &all_files,
		.ours = &in,
		.as_it_was = true };
	struct blob out;
	size_t unpacked;

	take_apart(image);
	assert_int_equal(exchange_make(&how, &out, &unpacked), 0);
	put_away();
	cpio_tree_free(&in);
	return out;
}

static void holds(const char *path, const char *text)
{
	const struct index_file *found = index_find(&all_files, path);
	struct blob content;

	if (!found)
		fail_msg("%s is not there", path);
	content = index_content(&all_files, found);
	assert_int_equal(content.size, strlen(text));
	assert_memory_equal(content.data, text, content.size);
}

static void segments_are_told_apart(void **state)
{
	static const struct codec *const codecs[] = { &codec_gzip, &codec_xz, &codec_zstd,
		&codec_lz4 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		BLOB image = typical(codecs[i]);

		take_apart(&image);
		assert_int_equal(segments.n, 2);
		assert_null(segments.segment[0].codec);
		assert_ptr_equal(segments.segment[1].codec, codecs[i]);
		assert_int_equal(segments.segment[1].offset, segments.segment[0].size);
		holds("kernel/ucode.bin", "microcode");
		holds("init", "the old init");
		put_away();
	}
}

static void an_exchange_keeps_what_was_there(void **state)
{
	BLOB image = typical(&codec_gzip), out = exchange(&image, "new");

	(void)state;
	take_apart(&out);
	assert_int_equal(segments.n, 2);
	assert_memory_equal(out.data, image.data, segments.segment[0].size);
	holds("init", "new");
	holds("init.orig", "the old init");
	holds("usr/sbin/modprobe", "/init");
	holds("usr/sbin/modprobe.orig", "/usr/bin/kmod");
	holds("shutdown", "our shutdown");
	assert_null(index_find(&all_files, "shutdown.orig"));
	holds("usr/bin/sh", "a shell");
	holds("usr/bin/busybox", "busybox");
	holds("usr/lib/xenfarm/new.ko", "new");
	holds("lib", "usr/lib"); /* still the link that it was */
	assert_non_null(index_find(&all_files, "mroot"));
	put_away();
}

static void a_second_exchange_replaces_the_first(void **state)
{
	BLOB image = typical(&codec_zstd), first = exchange(&image, "new"),
	     second = exchange(&first, "new"), third = exchange(&second, "new"),
	     other = exchange(&first, "newer");

	(void)state;
	/* Not the first: what it found room for is then among what was there. */
	assert_int_equal(second.size, third.size);
	assert_memory_equal(second.data, third.data, second.size);
	take_apart(&other);
	holds("init", "newer");
	holds("init.orig", "the old init");
	holds("usr/sbin/modprobe.orig", "/usr/bin/kmod");
	holds("usr/lib/xenfarm/newer.ko", "newer");
	assert_null(index_find(&all_files, "usr/lib/xenfarm/new.ko"));
	assert_null(index_find(&all_files, "shutdown.orig")); /* which was ours */
	put_away();
}

/* The other name must not become our init too. */
static void a_hard_linked_init_stays_one(void **state)
{
	struct cpio_entry init = named("init", file("")), other = named("linuxrc", file("old"));
	struct cpio_entry both[2];
	BLOB image = { 0 }, out = { 0 };

	(void)state;
	init.nlink = other.nlink = 2;
	init.ino = other.ino = 7;
	both[0] = init;
	both[1] = other;
	add_archive(&image, both, 2);
	out = exchange(&image, "new");
	take_apart(&out);
	holds("init", "new");
	holds("init.orig", "old");
	holds("linuxrc", "old");
	assert_int_equal(index_find(&all_files, "init")->entry.nlink, 1);
	put_away();
}

/* init is in the middle; what follows must stay where the kernel finds it. */
static void segments_after_it_stay_aligned(void **state)
{
	static const struct codec *const codecs[] = { &codec_gzip, &codec_xz, &codec_zstd,
		&codec_lz4 };
	const struct cpio_entry last[] = { named("last", file("last")) };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		BLOB image = typical(codecs[i]), out = { 0 }, tail = { 0 };

		add_archive(&tail, last, 1);
		add_bytes(&image, "\0\0\0\0\0\0\0", (-image.size & 3) + 4);
		add_bytes(&image, tail.data, tail.size);
		out = exchange(&image, "new");
		take_apart(&out);
		assert_int_equal(segments.n, 3);
		assert_int_equal(segments.segment[2].offset % 4, 0);
		holds("last", "last");
		holds("init", "new");
		put_away();
	}
}

static void an_image_without_init_is_none(void **state)
{
	const struct cpio_entry only[] = { named("kernel", directory) };
	struct cpio_tree in = ours("new");
	struct exchange how = { .segments = &segments, .index = &all_files, .ours = &in };
	BLOB image = { 0 }, out = { 0 };
	size_t unpacked;

	(void)state;
	add_archive(&image, only, 1);
	take_apart(&image);
	assert_int_equal(exchange_make(&how, &out, &unpacked), -ENOENT);
	put_away();
	cpio_tree_free(&in);
}

static void refused(const struct blob *image, int rc, size_t at, const char *what)
{
	assert_int_equal(segments_read(image, LIMIT, &segments), rc);
	assert_non_null(strstr(segments.what, what));
	assert_int_equal(segments.at, at);
	segments_free(&segments);
}

static void damage_is_told_with_its_place(void **state)
{
	const struct cpio_entry one[] = { named("a", file("text")) };
	BLOB image = { 0 }, packed = { 0 }, shifted = { 0 };
	BLOB bzip2 = { (unsigned char *)strdup("BZh91AY"), 7 };
	char *header;

	(void)state;
	refused(&packed, -EBADMSG, 0, "empty");
	refused(&bzip2, -EBADMSG, 0, "neither");
	add_archive(&image, one, 1);
	add_bytes(&shifted, "\0\0", 2);
	add_bytes(&shifted, image.data, image.size);
	refused(&shifted, -EBADMSG, 2, "multiple of 4");
	add_packed(&packed, &codec_gzip, &image);
	add_bytes(&packed, image.data, image.size);
	if (packed.size % 4)
		refused(&packed, -EBADMSG, packed.size - image.size, "multiple of 4");
	for (size_t cut = 1; cut < image.size; cut++) {
		const struct blob shorter = { image.data, cut };

		assert_int_equal(segments_read(&shorter, LIMIT, &segments), -EBADMSG);
		segments_free(&segments);
	}
	header = (char *)image.data;
	header[6 + 6 * 8] = 'g';
	refused(&image, -EBADMSG, 0, "hexadecimal");
	memcpy(header + 6 + 6 * 8, "FFFFFFFF", 8); /* 4 GiB of contents */
	refused(&image, -EBADMSG, 0, "cut off");
	memcpy(header + 6 + 11 * 8, "00000000", 8);
	refused(&image, -EBADMSG, 0, "a name");
}

static void links_with_a_nul_are_refused(void **state)
{
	struct cpio_entry link[] = { named("lib", link_to("usr")) };
	BLOB image = { 0 };

	(void)state;
	link[0].data = "u\0/";
	add_archive(&image, link, 1);
	refused(&image, -EBADMSG, 0, "NUL");
}

static void a_bomb_is_not_unpacked(void **state)
{
	BLOB zeros = { calloc(1, LIMIT + 1), LIMIT + 1 }, image = { 0 };

	(void)state;
	add_packed(&image, &codec_gzip, &zeros);
	assert_true(image.size < LIMIT / 100);
	refused(&image, -EFBIG, 0, "more than");
}

/* Each of them may be. */
static void two_segments_are_bounded_as_one(void **state)
{
	BLOB zeros = { calloc(1, LIMIT), LIMIT * 3 / 4 }, content = { 0 }, image = { 0 };
	struct cpio_entry large = named("large", directory);
	size_t second;

	(void)state;
	large.mode = S_IFREG;
	large.data = zeros.data;
	large.size = zeros.size;
	add_archive(&content, &large, 1);
	add_packed(&image, &codec_zstd, &content);
	assert_int_equal(segments_read(&image, LIMIT, &segments), 0);
	segments_free(&segments);
	add_bytes(&image, "\0\0\0", -image.size & 3);
	second = image.size;
	add_packed(&image, &codec_zstd, &content);
	refused(&image, -EFBIG, second, "more than");
}

static void names_do_not_lead_out(void **state)
{
	static const char *const bad[] = { "/etc/passwd", "../x", "a/../../x", "a/..", ".." };
	char path[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(index_path(bad[i], path));
	assert_true(index_path("./a//b/./c/", path));
	assert_string_equal(path, "a/b/c");
	assert_true(index_path(".", path));
	assert_string_equal(path, "");
	assert_true(index_path("..a/b..", path));
}

static void links_are_followed_inside(void **state)
{
	const struct cpio_entry all[] = { named("a", directory), named("a/b", directory),
		named("a/up", link_to("../../..//x")), named("abs", link_to("/a/b")),
		named("loop", link_to("loop")), named("rel", link_to("a/b")) };
	BLOB image = { 0 };
	char path[PATH_MAX];

	(void)state;
	add_archive(&image, all, sizeof(all) / sizeof(*all));
	take_apart(&image);
	assert_int_equal(index_resolve(&all_files, "rel/c/d", true, path), 0);
	assert_string_equal(path, "a/b/c/d");
	assert_int_equal(index_resolve(&all_files, "abs/../c", true, path), 0);
	assert_string_equal(path, "a/c");
	assert_int_equal(index_resolve(&all_files, "a/up", true, path), 0);
	assert_string_equal(path, "x");
	assert_int_equal(index_resolve(&all_files, "abs", false, path), 0);
	assert_string_equal(path, "abs");
	assert_int_equal(index_resolve(&all_files, "loop/x", true, path), -ELOOP);
	put_away();
}

static int unpack_into(const struct blob *image, const char *path)
{
	struct unpack_result result;
	int fd = open(path, O_RDONLY | O_DIRECTORY), rc;

	assert_int_equal(segments_read(image, LIMIT, &segments), 0);
	rc = unpack_tree(&segments, fd, &result);
	segments_free(&segments);
	close(fd);
	return rc;
}

static void nothing_is_written_through_links(void **state)
{
	char dir[] = "/tmp/xf-initrd-test.XXXXXX", outside[64], command[128];
	const struct cpio_entry through[] = { named("in", link_to("../xf-outside")),
		named("in/file", file("bad")) };
	const struct cpio_entry over[] = { named("f", link_to("../xf-outside")),
		named("f", file("good")) };
	BLOB image = { 0 }, replaced = { 0 };

	(void)state;
	assert_non_null(mkdtemp(dir));
	add_archive(&image, through, 2);
	assert_int_equal(unpack_into(&image, dir), -ELOOP);
	add_archive(&replaced, over, 2);
	assert_int_equal(unpack_into(&replaced, dir), 0);
	snprintf(outside, sizeof(outside), "%s/../xf-outside", dir);
	assert_int_equal(access(outside, F_OK), -1);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

/* CPU seconds since the last call. */
static double lap(void)
{
	static clock_t last;
	clock_t now = clock(), took = now - last;

	last = now;
	return (double)took / CLOCKS_PER_SEC;
}

/* A second for what takes some milliseconds, or minutes if it is done for each file again. */
static void many_links_are_found_soon(void **state)
{
	enum { N = 40000 };
	struct cpio_entry *entry = calloc(2 * N, sizeof(*entry));
	BLOB image = { 0 };

	(void)state;
	for (size_t i = 0; i < 2 * N; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%zu", i);
		entry[i] = named(strdup(name), file(i < N ? "" : name));
		entry[i].nlink = 2;
		entry[i].ino = i % N;
		if (i >= N)
			entry[i].data = entry[i].name;
	}
	add_archive(&image, entry, 2 * N);
	take_apart(&image);
	lap();
	for (size_t i = 0; i < 2 * N; i++)
		assert_true(index_content(&all_files, &all_files.file[i]).size > 0);
	assert_true(lap() < 1);
	holds("7", "40007");
	put_away();
	for (size_t i = 0; i < 2 * N; i++)
		free((char *)entry[i].name);
	free(entry);
}

/* Every directory is there, each in the one before: 1500 times "d/". */
static void a_deep_tree_is_unpacked_soon(void **state)
{
	enum { DEPTH = 1500 };
	char dir[] = "/tmp/xf-initrd-test.XXXXXX", command[64];
	struct cpio_entry entry[DEPTH];
	char name[2 * DEPTH + 1];
	BLOB image = { 0 };

	(void)state;
	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < DEPTH; i++) {
		memcpy(name + 2 * i, "/d", 2);
		name[2 * i + 2] = '\0';
		entry[i] = named(strdup(name + 1), directory);
	}
	add_archive(&image, entry, DEPTH);
	lap();
	assert_int_equal(unpack_into(&image, dir), 0);
	assert_true(lap() < 2);
	for (size_t i = 0; i < DEPTH; i++)
		free((char *)entry[i].name);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

/* Of directories that the archive does not name itself. */
static void parents_are_made(void **state)
{
	const struct cpio_entry only[] = { named("a/b/c/file", file("text")),
		named("a/b/other", file("text")) };
	char dir[] = "/tmp/xf-initrd-test.XXXXXX", path[64], command[64];
	BLOB image = { 0 };

	(void)state;
	assert_non_null(mkdtemp(dir));
	add_archive(&image, only, 2);
	assert_int_equal(unpack_into(&image, dir), 0);
	snprintf(path, sizeof(path), "%s/a/b/c/file", dir);
	assert_int_equal(access(path, F_OK), 0);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

static void kernels_are_known_by_their_directory(void **state)
{
	const struct cpio_entry all[] = { named("lib", directory), named("lib/modules", directory),
		named("lib/modules/6.1", directory), named("lib/modules/6.1/kernel", directory),
		named("lib/modules/README", file("")),
		named("usr/lib/modules/6.2/x.ko", file("")) };
	struct index_kernels kernels;
	BLOB image = { 0 };

	(void)state;
	add_archive(&image, all, sizeof(all) / sizeof(*all));
	take_apart(&image);
	index_kernels(&all_files, &kernels);
	assert_int_equal(kernels.n, 2);
	assert_string_equal(kernels.version[0], "6.1");
	assert_string_equal(kernels.version[1], "6.2");
	put_away();
}

static void what_may_be_unpacked_goes_by_the_size(void **state)
{
	(void)state;
	assert_int_equal(segments_limit(0), 64u << 20);
	assert_int_equal(segments_limit(1u << 20), 96u << 20);
	assert_int_equal(segments_limit(SEGMENTS_IMAGE_MAX), SEGMENTS_UNPACKED_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(segments_are_told_apart),
		cmocka_unit_test(an_exchange_keeps_what_was_there),
		cmocka_unit_test(a_second_exchange_replaces_the_first),
		cmocka_unit_test(a_hard_linked_init_stays_one),
		cmocka_unit_test(segments_after_it_stay_aligned),
		cmocka_unit_test(an_image_without_init_is_none),
		cmocka_unit_test(damage_is_told_with_its_place),
		cmocka_unit_test(links_with_a_nul_are_refused),
		cmocka_unit_test(a_bomb_is_not_unpacked),
		cmocka_unit_test(two_segments_are_bounded_as_one),
		cmocka_unit_test(names_do_not_lead_out),
		cmocka_unit_test(links_are_followed_inside),
		cmocka_unit_test(nothing_is_written_through_links),
		cmocka_unit_test(many_links_are_found_soon),
		cmocka_unit_test(a_deep_tree_is_unpacked_soon),
		cmocka_unit_test(parents_are_made),
		cmocka_unit_test(kernels_are_known_by_their_directory),
		cmocka_unit_test(what_may_be_unpacked_goes_by_the_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
