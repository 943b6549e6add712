/* The manifest's reader, writer and rules. */
#include <errno.h>
#include <zlib.h>

#include "lib/manifest/manifest.h"
#include "lib/test/scratch.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- texts that are refused --- */

#define HEAD(n) "#mtree v2.0\n# xenfarm: entries=" n "\n"
#define OWNER   " mode=0755 uid=0 gid=0 time=1.000000000"
#define ROOT    ". type=dir" OWNER "\n"
#define SHA     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define FILE_   " type=file" OWNER " size=0 sha256digest=" SHA
#define LINKED  " type=file" OWNER " size=0 nlink=2 sha256digest=" SHA " tags=hardlink."

static const struct bad {
	const char *name, *text;
	unsigned long line;
	const char *rule;
} bad[] = {
	{ "nothing", "", 1, "the head is missing" },
	{ "half a head", "#mtree v2.0\n", 2, "the head is missing" },
	{ "no mtree", "hello\n", 1, "the first line is not \"#mtree v2.0\"" },
	{ "mtree 1", "#mtree\n", 1, "the first line is not" },
	{ "no second line", "#mtree v2.0\n" ROOT, 2, "the second line does not begin" },
	{ "no entries=", "#mtree v2.0\n# xenfarm: generation=1\n", 2, "entries= is missing" },
	{ "unknown in head", "#mtree v2.0\n# xenfarm: entries=0 colour=red\n", 2, "unknown" },
	{ "twice in head", "#mtree v2.0\n# xenfarm: entries=0 entries=0\n", 2, "occurs twice" },
	{ "entries over limit", HEAD("2097153"), 2, "entries= is not a number within" },
	{ "entries not a number", HEAD("-1"), 2, "entries= is not a number within" },
	{ "generation without share", "#mtree v2.0\n# xenfarm: generation=1 entries=0\n", 2,
		"require each other" },
	{ "previous alone", "#mtree v2.0\n# xenfarm: previous=1 entries=0\n", 2,
		"require each other" },
	{ "generation 0", "#mtree v2.0\n# xenfarm: generation=0 entries=0\n", 2, "generation=" },
	{ "generation of 2^32", "#mtree v2.0\n# xenfarm: generation=4294967296 entries=0\n", 2,
		"generation=" },
	{ "previous", "#mtree v2.0\n# xenfarm: previous=x entries=0\n", 2, "previous=" },
	{ "restores", "#mtree v2.0\n# xenfarm: restores=0 entries=0\n", 2, "restores=" },
	{ "restores alone", "#mtree v2.0\n# xenfarm: restores=1 entries=0\n", 2,
		"require each other" },
	{ "restores itself",
		"#mtree v2.0\n# xenfarm: generation=3 share=f81d4fae-7dec-41d0-a765-00a0c91e6bf6 "
		"restores=3 published=2026-01-31T12:00:00Z entries=0\n",
		2, "not an older generation" },
	{ "layout", "#mtree v2.0\n# xenfarm: layout=12 entries=0\n", 2, "layout=" },
	{ "share", "#mtree v2.0\n# xenfarm: share=123 entries=0\n", 2, "UUID" },
	{ "share in capitals",
		"#mtree v2.0\n# xenfarm: share=AAAAAAAA-0000-4000-8000-000000000000 entries=0\n", 2,
		"UUID" },
	{ "published", "#mtree v2.0\n# xenfarm: published=today entries=0\n", 2, "published=" },
	{ "published on February 30",
		"#mtree v2.0\n# xenfarm: published=2026-02-30T00:00:00Z entries=0\n", 2,
		"published=" },
	{ "cut off in a line", HEAD("1") ". type=dir" OWNER, 3, "the last line is cut off" },
	{ "cut off between lines", HEAD("2") ROOT, 4, "fewer entries" },
	{ "trailing line", HEAD("1") ROOT "./a" FILE_ "\n", 4, "more entries" },
	{ "trailing empty line", HEAD("1") ROOT "\n", 4, "more entries" },
	{ "empty line", HEAD("2") ROOT "\n", 4, "the line is not" },
	{ "comment in between", HEAD("2") ROOT "# hello\n", 4, "the line is not" },
	{ "/set", HEAD("2") ROOT "/set type=file\n", 4, "the line is not" },
	{ "relative form", HEAD("2") ROOT "a" FILE_ "\n", 4, "the line is not" },
	{ "absolute path", HEAD("2") ROOT ".//a" FILE_ "\n", 4, "empty component" },
	{ "empty component", HEAD("3") ROOT "./a type=dir" OWNER "\n./a//b" FILE_ "\n", 5,
		"empty component" },
	{ "slash at the end", HEAD("2") ROOT "./a/" FILE_ "\n", 4, "empty component" },
	{ "only a slash", HEAD("1") "./" FILE_ "\n", 3, "empty component" },
	{ ".", HEAD("2") ROOT "./." FILE_ "\n", 4, "\".\" or \"..\"" },
	{ "..", HEAD("2") ROOT "./.." FILE_ "\n", 4, "\".\" or \"..\"" },
	{ ".. inside", HEAD("3") ROOT "./a type=dir" OWNER "\n./a/../b" FILE_ "\n", 5,
		"\".\" or \"..\"" },
	{ ".. in escapes", HEAD("2") ROOT "./\\056\\056" FILE_ "\n", 4, "\".\" or \"..\"" },
	{ "slash in escapes", HEAD("2") ROOT "./\\057etc" FILE_ "\n", 4, "empty component" },
	{ "NUL in escapes", HEAD("2") ROOT "./a\\000b" FILE_ "\n", 4, "malformed escape" },
	{ "short escape", HEAD("2") ROOT "./a\\04" FILE_ "\n", 4, "malformed escape" },
	{ "escape over a byte", HEAD("2") ROOT "./a\\777" FILE_ "\n", 4, "malformed escape" },
	{ "raw byte", HEAD("2") ROOT "./a\xff" FILE_ "\n", 4, "not printable ASCII" },
	{ "tab", HEAD("2") ROOT "./a\t" FILE_ "\n", 4, "not printable ASCII" },
	{ "offer", HEAD("2") ROOT "./fstab.xennew" FILE_ "\n", 4, "*.xennew" },
	{ "numbered offer", HEAD("2") ROOT "./fstab.xennew.12" FILE_ "\n", 4, "*.xennew" },
	{ "below an offer", HEAD("2") ROOT "./d.xennew/a" FILE_ "\n", 4, "*.xennew" },
	{ "twice", HEAD("3") ROOT "./a" FILE_ "\n./a" FILE_ "\n", 5, "duplicate" },
	{ "root twice", HEAD("2") ROOT ROOT, 4, "duplicate" },
	{ "unsorted", HEAD("3") ROOT "./b" FILE_ "\n./a" FILE_ "\n", 5, "not sorted" },
	{ "unsorted after escape", HEAD("3") ROOT "./\\377" FILE_ "\n./a" FILE_ "\n", 5,
		"not sorted" },
	{ "no root", HEAD("1") "./a" FILE_ "\n", 3, "directory of the path is not listed" },
	{ "directory missing", HEAD("2") ROOT "./a/b" FILE_ "\n", 4, "is not listed before it" },
	{ "below a file", HEAD("3") ROOT "./a" FILE_ "\n./a/b" FILE_ "\n", 5, "not a directory" },
	{ "below a link", HEAD("3") ROOT "./a type=link" OWNER " link=/etc\n./a/b" FILE_ "\n", 5,
		"not a directory" },
	{ "below a file, others between",
		HEAD("4") ROOT "./a" FILE_ "\n./a-b" FILE_ "\n./a/b" FILE_ "\n", 6,
		"not a directory" },
	{ "root is a file, and more", HEAD("2") "." FILE_ "\n./a" FILE_ "\n", 4,
		"not a directory" },
	{ "no keyword", HEAD("1") ".\n", 3, "the line is not" },
	{ "unknown keyword", HEAD("1") ". type=dir" OWNER " flags=none\n", 3, "unknown" },
	{ "keyword without value", HEAD("1") ". type=dir" OWNER " optional\n", 3, "unknown" },
	{ "two spaces", HEAD("1") ".  type=dir" OWNER "\n", 3, "more than one space" },
	{ "keyword twice", HEAD("1") ". type=dir" OWNER " uid=1\n", 3, "occurs twice" },
	{ "type", HEAD("1") ". type=door" OWNER "\n", 3, "type= is unknown" },
	{ "socket", HEAD("2") ROOT "./s type=socket" OWNER "\n", 4, "type= is unknown" },
	{ "mode of three digits", HEAD("1") ". type=dir mode=755\n", 3, "mode=" },
	{ "mode of five digits", HEAD("1") ". type=dir mode=00755\n", 3, "mode=" },
	{ "mode 8", HEAD("1") ". type=dir mode=0855\n", 3, "mode=" },
	{ "empty mode", HEAD("1") ". type=dir mode=\n", 3, "mode=" },
	{ "uid of 2^32", HEAD("1") ". uid=4294967296\n", 3, "uid= is not" },
	{ "gid with a zero in front", HEAD("1") ". gid=07\n", 3, "gid= is not" },
	{ "empty name of owner", HEAD("1") ". uname=\n", 3, "name of an owner" },
	{ "escape in name of group", HEAD("1") ". gname=a\\9\n", 3, "name of an owner" },
	{ "time without fraction", HEAD("1") ". time=1\n", 3, "time=" },
	{ "time with six digits", HEAD("1") ". time=1.000000\n", 3, "time=" },
	{ "time with a letter", HEAD("1") ". time=1.00000000x\n", 3, "time=" },
	{ "size of 2^63", HEAD("2") ROOT "./a size=9223372036854775808\n", 4, "size=" },
	{ "size of twenty digits", HEAD("2") ROOT "./a size=18446744073709551617\n", 4, "size=" },
	{ "short digest", HEAD("2") ROOT "./a sha256digest=00\n", 4, "64 hexadecimal" },
	{ "digest in capitals", HEAD("2") ROOT "./a md5digest=D41D8CD98F00B204E9800998ECF8427E\n",
		4, "32 hexadecimal" },
	{ "empty link", HEAD("2") ROOT "./a type=link" OWNER " link=\n", 4, "link=" },
	{ "device of another system", HEAD("2") ROOT "./a device=sunos,1,2\n", 4, "device=" },
	{ "device without minor", HEAD("2") ROOT "./a device=native,1\n", 4, "device=" },
	{ "file without digest", HEAD("2") ROOT "./a type=file" OWNER " size=0\n", 4, "missing" },
	{ "entry without mode", HEAD("1") ". type=dir uid=0 gid=0 time=1.000000000\n", 3,
		"missing" },
	{ "link without link=", HEAD("2") ROOT "./a type=link" OWNER "\n", 4, "missing" },
	{ "device without device=", HEAD("2") ROOT "./a type=char" OWNER "\n", 4, "missing" },
	{ "directory with a size", HEAD("1") ". type=dir" OWNER " size=1\n", 3, "does not fit" },
	{ "fifo with a link", HEAD("2") ROOT "./a type=fifo" OWNER " link=b\n", 4, "does not fit" },
	{ "unknown tag", HEAD("1") ". type=dir" OWNER " tags=x\n", 3, "a tag is neither" },
	{ "empty tag", HEAD("1") ". type=dir" OWNER " tags=\n", 3, "a tag is neither" },
	{ "comma at the end", HEAD("1") ". type=dir" OWNER " tags=xattr.a=,\n", 3,
		"a tag is neither" },
	{ "attributes unsorted", HEAD("1") ". type=dir" OWNER " tags=xattr.b=,xattr.a=\n", 3,
		"not sorted" },
	{ "attribute twice", HEAD("1") ". type=dir" OWNER " tags=xattr.b=,xattr.b=\n", 3,
		"not sorted" },
	{ "attribute without value", HEAD("1") ". type=dir" OWNER " tags=xattr.b\n", 3,
		"name of an attribute" },
	{ "attribute without name", HEAD("1") ". type=dir" OWNER " tags=xattr.=YQ==\n", 3,
		"name of an attribute" },
	{ "bad base64", HEAD("1") ". type=dir" OWNER " tags=xattr.b=Y!==\n", 3, "not base64" },
	{ "short base64", HEAD("1") ". type=dir" OWNER " tags=xattr.b=YQ=\n", 3, "not base64" },
	{ "group 0", HEAD("2") ROOT "./a" LINKED "0\n", 4, "numbered from 1" },
	{ "group without nlink", HEAD("2") ROOT "./a" FILE_ " tags=hardlink.1\n", 4,
		"require each other" },
	{ "nlink without group", HEAD("2") ROOT "./a" FILE_ " nlink=2\n", 4, "require each other" },
	{ "nlink 1", HEAD("2") ROOT "./a" FILE_ " nlink=1\n", 4, "nlink=" },
	{ "two groups in one", HEAD("2") ROOT "./a" LINKED "1,hardlink.2\n", 4,
		"a tag is neither" },
	{ "first group is 2", HEAD("2") ROOT "./a" LINKED "2\n", 4, "not numbered by" },
	{ "member missing", HEAD("2") ROOT "./a" LINKED "1\n", 5, "fewer members" },
	{ "member too many", HEAD("4") ROOT "./a" LINKED "1\n./b" LINKED "1\n./c" LINKED "1\n", 6,
		"more members" },
	{ "members differ",
		HEAD("3") ROOT "./a" LINKED "1\n./b type=file mode=0644 uid=0 gid=0 "
			       "time=1.000000000 size=0 nlink=2 sha256digest=" SHA
			       " tags=hardlink.1\n",
		5, "differ" },
};

static int ignore(const struct manifest_entry *entry, void *arg)
{
	(void)entry, (void)arg;
	return 0;
}

/* The text in chunks of n bytes. */
static int parse(const char *text, size_t size, size_t n, struct manifest_error *error)
{
	struct manifest_parser *p = manifest_parser_new(ignore, NULL);
	int r = 0;

	assert_non_null(p);
	for (size_t i = 0; i < size && r == 0; i += n)
		r = manifest_parser_feed(p, text + i, size - i < n ? size - i : n, error);
	if (r == 0)
		r = manifest_parser_finish(p, error);
	manifest_parser_free(p);
	return r;
}

static void refuses(void **state)
{
	const struct bad *row = *state;
	struct manifest_error error;

	for (size_t chunk = 1; chunk < 5000; chunk = chunk * 7 + 1) {
		assert_int_equal(parse(row->text, strlen(row->text), chunk, &error), -EBADMSG);
		if (!strstr(error.rule, row->rule))
			fail_msg("got the rule \"%s\"", error.rule);
		assert_int_equal(error.line, row->line);
	}
}

/* --- limits that a table of short texts cannot show --- */

static void limits_of_paths(void **state)
{
	char path[MANIFEST_PATH_MAX + 3];

	(void)state;
	memset(path, 'a', sizeof(path));
	path[255] = '\0';
	assert_null(manifest_path_rule(path));
	path[255] = 'a', path[256] = '\0';
	assert_string_equal(manifest_path_rule(path), "the path has a component that is too long");
	for (size_t i = 1; i < sizeof(path); i += 2)
		path[i - 1] = 'a', path[i] = '/';
	path[MANIFEST_PATH_MAX] = '\0';
	assert_null(manifest_path_rule(path));
	path[MANIFEST_PATH_MAX] = '/', path[MANIFEST_PATH_MAX + 1] = 'a';
	path[MANIFEST_PATH_MAX + 2] = '\0';
	assert_string_equal(manifest_path_rule(path), "the path is too long");
}

static void limit_of_a_file(void **state)
{
	int fd = openat(scratch, "m", O_WRONLY | O_CREAT, 0644);
	struct manifest_error error;
	struct manifest *m;

	(void)state;
	assert_int_equal(ftruncate(fd, (off_t)MANIFEST_FILE_MAX + 1), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(manifest_load(scratch, "m", NULL, &m, &error), -EBADMSG);
	assert_string_equal(error.rule, "the file is larger than the limit");
}

static void limit_of_a_line(void **state)
{
	size_t n = MANIFEST_LINE_MAX + 100;
	char *text = malloc(n);
	struct manifest_error error;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', n);
	memcpy(text, HEAD("1"), strlen(HEAD("1")));
	assert_int_equal(parse(text, n, 4096, &error), -EBADMSG);
	assert_string_equal(error.rule, "the line is too long");
	assert_int_equal(error.line, 3);
	free(text);
}

static void deflate_to(struct buf *out, const char *text, size_t n, size_t times)
{
	z_stream z = { 0 };
	size_t room = 8u << 20;

	assert_int_equal(
		deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_out = (unsigned char *)buf_room(out, room);
	z.avail_out = (uInt)room;
	for (size_t i = 0; i < times; i++) {
		z.next_in = (unsigned char *)text;
		z.avail_in = (uInt)n;
		assert_int_equal(deflate(&z, Z_NO_FLUSH), Z_OK);
	}
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->size = room - z.avail_out;
	deflateEnd(&z);
}

/* A small file that unpacks to very much is given up at the first rule that it breaks. */
static void gzip_bomb(void **state)
{
	struct buf out = { 0 };
	size_t n = 1 << 20;
	char *zeros = calloc(1, n);
	struct manifest_error error;

	(void)state;
	assert_non_null(zeros);
	memset(zeros, ' ', n);
	deflate_to(&out, zeros, n, 64);
	assert_int_equal(parse(out.data, out.size, out.size, &error), -EBADMSG);
	assert_string_equal(error.rule, "the line is too long");
	free(zeros);
	buf_free(&out);
}

static const char small[] = HEAD("2") ROOT "./a" FILE_ "\n";

static void damaged_gzip(void **state)
{
	struct buf out = { 0 };
	struct manifest_error error;

	(void)state;
	deflate_to(&out, small, strlen(small), 1);
	assert_int_equal(parse(out.data, out.size, out.size, &error), 0);
	assert_int_equal(parse(out.data, out.size, 1, &error), 0);
	for (size_t n = 1; n < out.size; n++) {
		assert_int_equal(parse(out.data, n, n, &error), -EBADMSG);
		assert_string_equal(error.rule, "the gzip data is cut off");
	}
	buf_add(&out, "x", 1);
	for (size_t chunk = 1; chunk <= out.size; chunk += out.size - 1) {
		assert_int_equal(parse(out.data, out.size, chunk, &error), -EBADMSG);
		assert_string_equal(error.rule, "bytes follow the end of the gzip data");
	}
	out.data[20] ^= 0x55;
	assert_int_equal(parse(out.data, out.size - 1, 7, &error), -EBADMSG);
	assert_string_equal(error.rule, "the gzip data is damaged");
	buf_free(&out);
}

/* --- writing and reading again --- */

static const struct manifest_xattr xattrs[] = {
	{ "security.capability", "\1\0\0\2", 4 },
	{ "user.a,b= #\xff", "", 0 },
};

/* Of all kinds, in no order. */
static struct manifest *sample(void)
{
	struct manifest *m = manifest_new();
	struct manifest_entry e = { .nlink = 1, .mtime = { 1700000000, 123456789 } };

	assert_non_null(m);
#define ADD(...)                                      \
	do {                                          \
		struct manifest_entry x = e;          \
		__VA_ARGS__;                          \
		assert_non_null(manifest_add(m, &x)); \
	} while (0)
	ADD(x.path = "z", x.type = MANIFEST_CHAR, x.major = 4095, x.minor = 1048575);
	ADD(x.path = "one", x.digest.has = 3, x.group = 7, x.size = 5);
	ADD(x.path = "d/two", x.digest.has = 3, x.group = 7, x.size = 5);
	ADD(x.path = "alone", x.digest.has = 1, x.group = 9, x.uname = "a b", x.gname = "g");
	ADD(x.path = "", x.type = MANIFEST_DIR, x.mode = 01777, x.uid = UINT32_MAX);
	ADD(x.path = "d", x.type = MANIFEST_DIR, x.mtime.tv_sec = -12);
	ADD(x.path = "d-e", x.digest.has = 1, x.mode = 04755, x.xattr = xattrs, x.nxattrs = 2);
	ADD(x.path = "l", x.type = MANIFEST_LINK, x.link = "../\n \\x");
	ADD(x.path = "new\nline \\ = # \xff*?[", x.type = MANIFEST_FIFO);
	ADD(x.path = "s", x.type = MANIFEST_SOCKET);
	assert_true(manifest_sort(m));
	return m;
}

static void same(const struct manifest_entry *a, const struct manifest_entry *b)
{
	assert_string_equal(a->path, b->path);
	assert_int_equal(manifest_compare(a, b), 0);
	assert_int_equal(a->group, b->group);
	assert_int_equal(a->nlink, b->nlink);
	assert_int_equal(a->digest.has, b->digest.has);
}

static void round_trip(void **state)
{
	struct manifest *m = sample(), *again;
	struct buf one = { 0 }, two = { 0 };
	struct manifest_error error;

	(void)state;
	m->head.generation = 3;
	m->head.previous = 2;
	m->head.restores = 1;
	m->head.layout.has = DIGEST_SHA256;
	memset(m->head.layout.sha256, 0xa5, sizeof(m->head.layout.sha256));
	m->head.published = 1769860800;
	strcpy(m->head.share, "f81d4fae-7dec-41d0-a765-00a0c91e6bf6");
	assert_int_equal(manifest_encode(m, &one, &error), 0);
	assert_int_equal(manifest_encode(m, &two, &error), 0);
	assert_int_equal(one.size, two.size);
	assert_memory_equal(one.data, two.data, one.size);
	assert_int_equal(manifest_decode(one.data, one.size, NULL, NULL, 0, &again, &error), 0);
	assert_int_equal(again->head.generation, 3);
	assert_int_equal(again->head.previous, 2);
	assert_int_equal(again->head.restores, 1);
	assert_int_equal(again->head.layout.has, DIGEST_SHA256);
	assert_memory_equal(
		again->head.layout.sha256, m->head.layout.sha256, sizeof(m->head.layout.sha256));
	assert_int_equal(again->head.published, 1769860800);
	assert_string_equal(again->head.share, m->head.share);
	assert_int_equal(again->head.entries, m->n - 1);
	assert_int_equal(again->n, m->n - 1); /* but the socket */
	for (size_t i = 0; i < again->n; i++)
		same(again->entry[i], manifest_find(m, again->entry[i]->path));
	assert_null(manifest_find(again, "s"));
	assert_int_equal(manifest_find(again, "one")->nlink, 2);
	assert_int_equal(manifest_find(again, "one")->group, 1);
	assert_int_equal(manifest_find(again, "alone")->group, 0);
	manifest_free(m);
	manifest_free(again);
	buf_free(&one);
	buf_free(&two);
}

static void writer_refuses(void **state)
{
	struct manifest *m = sample();
	struct buf out = { 0 };
	struct manifest_error error;

	(void)state;
	m->entry[2]->error = EIO;
	assert_int_equal(manifest_encode(m, &out, &error), -EBADMSG);
	assert_string_equal(error.rule, "the entry was not read");
	assert_ptr_equal(error.entry, m->entry[2]);
	m->entry[2]->error = 0;
	m->entry[2]->path = "../etc";
	assert_int_equal(manifest_encode(m, &out, &error), -EBADMSG);
	assert_string_equal(error.rule, "the path has a component \".\" or \"..\"");
	manifest_free(m);
	buf_free(&out);
}

/* --- signatures --- */

static void signed_file(void **state)
{
	struct manifest *m = sample(), *again;
	struct signature_key *private, *public;
	struct buf out = { 0 };
	struct manifest_error error;

	(void)state;
	assert_int_equal(fchdir(scratch), 0);
	assert_int_equal(signature_keygen("k"), 0);
	assert_int_equal(signature_read_private("k", &private), 0);
	assert_int_equal(signature_read_public("k.pub", &public), 0);
	assert_int_equal(manifest_encode(m, &out, &error), 0);
	assert_int_equal(manifest_publish(scratch, "m", &out, NULL), 0);
	assert_int_equal(manifest_load(scratch, "m", public, &again, &error), -EBADMSG);
	assert_string_equal(error.rule, "there is no signature (.sig)");
	assert_int_equal(manifest_publish(scratch, "m", &out, private), 0);
	assert_int_equal(manifest_load(scratch, "m", public, &again, &error), 0);
	manifest_free(again);
	/* Where the manifest itself cannot be published, its signature was there first. */
	assert_int_equal(mkdirat(scratch, "n", 0755), 0);
	assert_int_equal(manifest_publish(scratch, "n", &out, private), -EEXIST);
	assert_int_equal(faccessat(scratch, "n.sig", F_OK, 0), 0);
	/* Not gzip at all: the signature is looked at before. */
	scratch_write("m", "rubbish\n");
	assert_int_equal(manifest_load(scratch, "m", public, &again, &error), -EBADMSG);
	assert_string_equal(error.rule, "the signature is not that of the key");
	assert_int_equal(error.line, 0);
	scratch_write("m.sig", "short");
	assert_int_equal(manifest_load(scratch, "m", public, &again, &error), -EBADMSG);
	assert_string_equal(error.rule, "the signature is not 64 bytes long");
	scratch_write("m.sig", "");
	assert_int_equal(manifest_load(scratch, "m", public, &again, &error), -EBADMSG);
	assert_string_equal(error.rule, "the signature is not 64 bytes long");
	assert_int_equal(manifest_load(scratch, "absent", public, &again, &error), -ENOENT);
	assert_null(error.rule);
	signature_key_free(private);
	signature_key_free(public);
	manifest_free(m);
	buf_free(&out);
}

/* --- comparing --- */

static void compares(void **state)
{
	struct manifest_entry a = { .path = "a", .uname = "x", .uid = 1, .digest.has = 1 }, b = a;

	(void)state;
	assert_int_equal(manifest_compare(&a, &b), 0);
	b.uid = 2; /* the same name on another machine */
	assert_int_equal(manifest_compare(&a, &b), 0);
	b.uname = NULL;
	assert_int_equal(manifest_compare(&a, &b), MANIFEST_DIFF_OWNER);
	b = a;
	b.digest.sha256[31] = 1;
	assert_int_equal(manifest_compare(&a, &b), MANIFEST_DIFF_CONTENT);
	b.digest.has = 2;
	assert_int_equal(manifest_compare(&a, &b), 0); /* nothing in common to compare */
	b.size = 1;
	assert_int_equal(manifest_compare(&a, &b), MANIFEST_DIFF_CONTENT);
	b = a;
	b.type = MANIFEST_DIR, b.mode = 1, b.mtime.tv_nsec = 1;
	b.xattr = xattrs, b.nxattrs = 1;
	assert_int_equal(manifest_compare(&a, &b),
		MANIFEST_DIFF_TYPE | MANIFEST_DIFF_MODE | MANIFEST_DIFF_TIME | MANIFEST_DIFF_XATTR);
}

static int record(const struct manifest_entry *a, const struct manifest_entry *b, void *arg)
{
	buf_printf(arg, "%s%s%s ", a ? a->path : "",
		a && b ? "="
		: a    ? "<"
		       : ">",
		b ? b->path : "");
	return b && strcmp(b->path, "stop") == 0 ? 5 : 0;
}

static struct manifest *of_paths(const char *const *path)
{
	struct manifest *m = manifest_new();

	for (; *path; path++)
		assert_non_null(manifest_add(m, &(struct manifest_entry){ .path = *path }));
	return m;
}

static void joins(void **state)
{
	struct manifest *a = of_paths((const char *const[]){ "", "a", "b", "y", NULL });
	struct manifest *b = of_paths((const char *const[]){ "", "b", "c", "stop", "t", NULL });
	struct buf out = { 0 };

	(void)state;
	assert_int_equal(manifest_join(a, b, record, &out), 5);
	buf_add(&out, "", 1);
	assert_string_equal(out.data, "= a< b=b >c >stop ");
	out.size = 0;
	b->entry[3]->path = "s";
	assert_int_equal(manifest_join(a, b, record, &out), 0);
	b->n = 2;
	assert_int_equal(manifest_join(b, a, record, &out), 0);
	buf_add(&out, "", 1);
	assert_string_equal(out.data, "= a< b=b >c >s >t y< = >a b=b >y ");
	manifest_free(a);
	manifest_free(b);
	buf_free(&out);
}

/* Thin or not: it says the same. Referred to is what the other list has exactly so, and no member
 * of a group. */
static void thins(void **state)
{
	struct manifest *m = sample(), *like = sample(), *thin;
	struct buf one = { 0 }, two = { 0 };
	struct manifest_error error;
	size_t shared = 0;

	(void)state;
	manifest_find(like, "z")->minor++;
	manifest_find(like, "l")->mtime.tv_nsec++;
	manifest_find(like, "alone")->uname = "c";
	manifest_find(like, "d-e")->digest.has |= DIGEST_MD5;
	manifest_find(like, "d")->uid++;
	thin = manifest_thin(m, like);
	assert_non_null(thin);
	for (size_t i = 0; i < thin->n; i++)
		shared += thin->entry[i] == like->entry[i];
	assert_int_equal(shared, m->n - 5 - 2);
	assert_true(manifest_sort(thin));
	assert_int_equal(manifest_encode(m, &one, &error), 0);
	assert_int_equal(manifest_encode(thin, &two, &error), 0);
	assert_int_equal(one.size, two.size);
	assert_memory_equal(one.data, two.data, one.size);
	manifest_free(thin);
	manifest_free(m);
	manifest_free(like);
	buf_free(&one);
	buf_free(&two);
}

int main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(limits_of_paths),
		SCRATCH_TEST(limit_of_a_file),
		cmocka_unit_test(limit_of_a_line),
		cmocka_unit_test(gzip_bomb),
		cmocka_unit_test(damaged_gzip),
		cmocka_unit_test(round_trip),
		cmocka_unit_test(writer_refuses),
		SCRATCH_TEST(signed_file),
		cmocka_unit_test(compares),
		cmocka_unit_test(joins),
		cmocka_unit_test(thins),
	};
	struct CMUnitTest all[COUNT(bad) + COUNT(others)];

	for (size_t i = 0; i < COUNT(bad); i++)
		all[i] = (struct CMUnitTest){
			.name = bad[i].name, .test_func = refuses, .initial_state = (void *)&bad[i]
		};
	memcpy(all + COUNT(bad), others, sizeof(others));
	return cmocka_run_group_tests(all, NULL, NULL);
}
