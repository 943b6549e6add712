/* Layouts, under glibc and klibc. */
#include "lib/layout.h"

#include <errno.h>

#include "lib/array.h"
#include "lib/test/tap.h"

#define H "# xenfarm layout 1\n"

static struct layout layout;
static unsigned int line;
static const char *what;

static int parse(const char *text)
{
	return layout_parse(text, strlen(text), &layout, &line, &what);
}

static void test_good(void)
{
	const struct layout_entry *e = layout.entry;

	CHECK(parse(H "bind usr\n\n  # a remark\nlink bin  usr/bin\nlink opt\n\twriteable "
		      "usr/local") == 0,
		"bind, link and writeable, with blanks, a remark and no last newline");
	CHECK(layout.n == 4, "four entries");
	CHECK(e[0].kind == LAYOUT_BIND && e[1].kind == LAYOUT_LINK && e[2].kind == LAYOUT_LINK &&
			e[3].kind == LAYOUT_WRITEABLE,
		"their kinds, in the file's order");
	CHECK_STR(e[0].path, "usr", "a bound path");
	CHECK_STR(e[1].path, "bin", "a link's path");
	CHECK_STR(e[1].target, "usr/bin", "a link's target");
	CHECK_STR(e[2].target, "", "a link to the share's own");
	CHECK_STR(e[3].path, "usr/local", "an island");
	CHECK(parse(H) == 0 && layout.n == 0, "nothing but the header");
	CHECK(parse(H "writeable usr/local\nbind usr\n") == 0,
		"an island before the path it is in");
	CHECK(parse(H "link lib64 ../x/./y\n") == 0, "a target may say anything");
	CHECK(parse(H "bind usr\nbind usr2\n") == 0, "a common prefix is not a directory");
	CHECK(parse(H "bind .hidden/..x\n") == 0, "names that only begin with dots");
}

static const struct {
	const char *name, *text;
	unsigned int line;
	const char *what; /* how the message begins */
} bad[] = {
	{ "an empty file", "", 1, "the first line" },
	{ "no header", "bind usr\n", 1, "the first line" },
	{ "a later format", "# xenfarm layout 2\n", 1, "the first line" },
	{ "an unknown word", H "bind usr\ncopy etc\n", 3, "unknown word" },
	{ "a word that goes on", H "binds usr\n", 2, "unknown word" },
	{ "no path", H "bind\n", 2, "bad path" },
	{ "an absolute path", H "bind /usr\n", 2, "bad path" },
	{ "a slash at the end", H "bind usr/\n", 2, "bad path" },
	{ "an empty component", H "bind usr//x\n", 2, "bad path" },
	{ "the share itself", H "bind .\n", 2, "bad path" },
	{ "a way out", H "bind usr/../etc\n", 2, "bad path" },
	{ "a line of DOS", H "bind usr\r\n", 2, "bad path" },
	{ "a target without a link", H "bind usr lib\n", 2, "unexpected text after the path" },
	{ "a control character", H "link bin a\x7f\n", 2, "bad link target" },
	{ "a word too many", H "link bin usr/bin x\n", 2, "unexpected text after the link" },
	{ "a path twice", H "bind usr\n\nlink usr\n", 4, "duplicate" },
	{ "an island as large", H "bind usr\nwriteable usr\n", 3, "duplicate" },
	{ "an island on land", H "bind usr\nwriteable srv\n", 3,
		"writeable path is not below a bound one" },
	{ "an island in a link", H "link usr\nwriteable usr/a\n", 3, "path leads through" },
	{ "a bind in a later one", H "bind usr/lib\nbind usr\n", 2, "path is below a bound one" },
	{ "a link in a bound path", H "bind usr\nlink usr/x\n", 3, "path is below a bound one" },
};

static void test_bad(void)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(parse(bad[i].text) == -EINVAL && line == bad[i].line &&
				strncmp(what, bad[i].what, strlen(bad[i].what)) == 0,
			bad[i].name);
	CHECK(layout_parse(H "bind a\0b", sizeof(H) + 7, &layout, &line, &what) == -EINVAL,
		"a NUL in a path");
}

/* H, then n bind lines; pad is appended to every path. */
static int parse_many(unsigned int n, size_t pad)
{
	static char text[LAYOUT_BYTES_MAX * 4];
	size_t length = sizeof(H) - 1;

	memcpy(text, H, length);
	for (unsigned int i = 0; i < n; i++) {
		length += (size_t)sprintf(text + length, "bind %u", i);
		memset(text + length, 'x', pad);
		length += pad;
		text[length++] = '\n';
	}
	return layout_parse(text, length, &layout, &line, &what);
}

static void test_limits(void)
{
	CHECK(parse_many(LAYOUT_ENTRIES_MAX, 0) == 0 && layout.n == LAYOUT_ENTRIES_MAX,
		"as many entries as there is room for");
	CHECK(parse_many(LAYOUT_ENTRIES_MAX + 1, 0) == -EINVAL && line == LAYOUT_ENTRIES_MAX + 2,
		"one entry too many");
	CHECK(parse_many(1, LAYOUT_PATH_MAX - 2) == 0, "the longest path");
	CHECK(parse_many(1, LAYOUT_PATH_MAX - 1) == -EINVAL, "a path one byte too long");
	CHECK(parse_many(40, LAYOUT_PATH_MAX - 4) == -EINVAL && line == 1, "too many bytes");
}

static void test_parts(void)
{
	static const struct {
		const char *path;
		bool readonly, nothing_writeable;
	} paths[] = {
		{ "", false, false },
		{ "etc", false, false },
		{ "usr", true, false },
		{ "usr2", false, false },
		{ "usr/lib", true, true },
		{ "usr/local", false, false },
		{ "usr/local/bin/x", false, false },
		{ "usr/local2", true, true },
		{ "bin", true, true },
		{ "var/lib", false, false },
		{ "var/lib/dpkg/status", true, true },
	};

	CHECK(parse(H "bind usr\nlink bin usr/bin\nbind var/lib/dpkg\nwriteable usr/local\n") == 0,
		"a layout with all kinds");
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		CHECK(layout_is_readonly(&layout, paths[i].path) == paths[i].readonly,
			paths[i].path);
		CHECK(layout_has_nothing_writeable(&layout, paths[i].path) ==
				paths[i].nothing_writeable,
			paths[i].path);
	}
}

int main(void)
{
	test_good();
	test_bad();
	test_limits();
	test_parts();
	return tap_done();
}
