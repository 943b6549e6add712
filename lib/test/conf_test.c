/* Configuration files: what is taken, and which line is refused, why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "lib/conf.h"

struct settings {
	char names[32];
	uint32_t cpus;
	const char *share, *mkinitrd;
	uint32_t keep;
};

static const struct conf_setting table[] = {
	{ "share", value_absolute, offsetof(struct settings, share) },
	{ "mkinitrd", value_text, offsetof(struct settings, mkinitrd) },
	{ "keep", value_number, offsetof(struct settings, keep) },
};

static const char *begin_host(void *to, char *name, void **section)
{
	struct settings *s = to;

	strcat(strcat(s->names, name), ",");
	*section = s;
	return strcmp(name, "bad") == 0 ? "is a bad host" : NULL;
}

static const struct conf_setting of_host[] = {
	{ "cpus", value_number, offsetof(struct settings, cpus) },
};
static const struct conf_section sections[] = { { "host", of_host, 1, begin_host } };
static const struct conf_dialect dialect = { table, 3, sections, 1 };

static char text[2 * PATH_MAX];

static int parse_bytes(const char *from, size_t n, struct settings *s, struct conf_error *error)
{
	memset(text, 'x', sizeof(text));
	memcpy(text, from, n);
	*s = (struct settings){ .share = "/default", .keep = 5 };
	return conf_parse(text, n, &dialect, s, error);
}

static int parse(const char *from, struct settings *s, struct conf_error *error)
{
	return parse_bytes(from, strlen(from), s, error);
}

static void takes(void **state)
{
	struct conf_error error;
	struct settings s;

	(void)state;
	assert_int_equal(parse("", &s, &error), 0);
	assert_string_equal(s.share, "/default");
	assert_int_equal(parse("# a comment = 1\n\n  share =/srv/a b \t\r\nkeep=7\n"
			       "\tmkinitrd = x=y # z\n keep = 8",
				 &s, &error),
		0);
	assert_string_equal(s.share, "/srv/a b");
	assert_string_equal(s.mkinitrd, "x=y # z");
	assert_int_equal(s.keep, 8);
	assert_int_equal(parse("keep=9", &s, &error), 0);
	assert_int_equal(s.keep, 9);
}

static void refuses(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
		const char *what;
	} cases[] = {
		{ "\nshares = /x\n", 2, "is an unknown setting" },
		{ "share\n", 1, "is not of the form NAME = VALUE" },
		{ "keep = 1\nshare = \n", 2, "has no value" },
		{ "share = srv\n", 1, "is not an absolute path" },
		{ "keep = 0\n", 1, "is not a number from 1" },
		{ "keep = -1\n", 1, "is not a number from 1" },
		{ "keep = 4294967296\n", 1, "is not a number from 1" },
		{ "= x\n", 1, "is an unknown setting" },
		{ "[share a]\n", 1, "is an unknown section" },
		{ "[]\n", 1, "is an unknown section" },
		{ "[host]\n", 1, "has no name" },
		{ "[ host  ]\n", 1, "has no name" },
		{ "[host a\n", 1, "is not of the form NAME = VALUE" },
		{ "[host bad]\n", 1, "is a bad host" },
		{ "cpus = 1\n", 1, "is an unknown setting" },
		{ "[host a]\nkeep = 1\n", 2, "is an unknown setting" },
	};
	struct conf_error error;
	struct settings s;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(parse(cases[i].text, &s, &error), -EINVAL);
		assert_int_equal(error.line, cases[i].line);
		assert_string_equal(error.what, cases[i].what);
	}
	assert_int_equal(parse_bytes("keep = 1\0002\n", 11, &s, &error), -EINVAL);
	assert_string_equal(error.what, "has a NUL byte");
}

static void sections_have_settings_of_their_own(void **state)
{
	struct conf_error error;
	struct settings s;

	(void)state;
	assert_int_equal(
		parse("keep = 2\n[host a]\ncpus = 3\n \t[ host\t b c ] \n#\ncpus=4\n", &s, &error),
		0);
	assert_int_equal(s.keep, 2);
	assert_int_equal(s.cpus, 4);
	assert_string_equal(s.names, "a,b c,");
}

static void refuses_long_paths(void **state)
{
	char line[PATH_MAX + 16] = "share = /";
	struct conf_error error;
	struct settings s;

	(void)state;
	memset(line + 9, 'a', PATH_MAX - 2);
	assert_int_equal(parse(line, &s, &error), 0);
	line[9 + PATH_MAX - 2] = 'a';
	assert_int_equal(parse(line, &s, &error), -EINVAL);
	assert_string_equal(error.what, "is too long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes),
		cmocka_unit_test(refuses),
		cmocka_unit_test(sections_have_settings_of_their_own),
		cmocka_unit_test(refuses_long_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
