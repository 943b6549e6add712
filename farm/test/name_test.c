/* Names of machines: what is one, what a pattern selects, and what was most likely meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "farm/group.h"
#include "farm/name.h"
#include "lib/array.h"

static void takes_labels(void **state)
{
	static const char *const good[] = { "a", "7", "web1", "web-1", "0a0",
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_null(name_check(good[i]));
}

static void refuses_all_else(void **state)
{
	static const char *const bad[] = { "", "-web", "web-", "Web", "web.1", "web_1", "web 1",
		"web\n", "../web", "/web", "web/1", "$(reboot)", "`id`", "a;b", "a&b", "<a>", "a'b",
		"a\"b", "--all", "caf\xc3\xa9", "web\xe2\x80\x8b", "web*", "\xff", "web\x7f", "~",
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl" };
	char longest[301];

	(void)state;
	memset(longest, 'a', 300);
	longest[300] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_non_null(name_check(bad[i]));
	assert_non_null(name_check(longest));
}

static void patterns_select(void **state)
{
	(void)state;
	assert_true(name_matches("web*", "web12"));
	assert_true(name_matches("web?", "web1"));
	assert_true(name_matches("web[12]", "web2"));
	assert_true(name_matches("web1", "web1"));
	assert_false(name_matches("web", "web1"));
	assert_false(name_matches("web?", "web12"));
	assert_true(name_is_pattern("web*"));
	assert_true(name_is_pattern("web[12]"));
	assert_false(name_is_pattern("web-1"));
}

static void finds_what_was_meant(void **state)
{
	static const char *const names[] = { "database", "web1", "web2", "mail" };

	(void)state;
	assert_string_equal(name_nearest("databsae", names, 4), "database");
	assert_string_equal(name_nearest("datebase", names, 4), "database");
	assert_string_equal(name_nearest("databases", names, 4), "database");
	assert_string_equal(name_nearest("wbe2", names, 4), "web2");
	assert_string_equal(name_nearest("mial", names, 4), "mail");
	assert_null(name_nearest("printer", names, 4));
	assert_null(name_nearest("x", names, 4));
	assert_null(name_nearest("", names, 4));
	assert_null(name_nearest("web1", names, 0));
}

static void long_names_are_no_mistake_to_look_for(void **state)
{
	char longest[301];
	const char *const names[] = { longest, "web1" };

	(void)state;
	memset(longest, 'a', 300);
	longest[300] = '\0';
	assert_null(name_nearest(longest, names, 2));
	assert_string_equal(name_nearest("wbe1", names, 2), "web1");
}

static void words_of_a_group(void **state)
{
	const char *list = " web*,\tdb1,,far/a ";
	char word[GROUP_WORD_SIZE], text[GROUP_WORD_SIZE + 8];

	(void)state;
	assert_null(group_check(list));
	assert_true(group_next(&list, word));
	assert_string_equal(word, "web*");
	assert_true(group_next(&list, word));
	assert_string_equal(word, "db1");
	assert_true(group_next(&list, word));
	assert_string_equal(word, "far/a");
	assert_false(group_next(&list, word));
	memset(text, 'a', sizeof(text));
	text[GROUP_WORD_SIZE - 1] = '\0';
	assert_null(group_check(text));
	text[GROUP_WORD_SIZE - 1] = 'a';
	text[GROUP_WORD_SIZE] = '\0';
	assert_string_equal(group_check(text), "has a word that is too long");
	assert_string_equal(group_check(" ,"), "names no client");
	assert_string_equal(group_check("a;b"), "is not a list of names and patterns of clients");
	assert_string_equal(group_check("a @b"), "has a group in it: groups have clients only");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_labels),
		cmocka_unit_test(refuses_all_else),
		cmocka_unit_test(patterns_select),
		cmocka_unit_test(finds_what_was_meant),
		cmocka_unit_test(long_names_are_no_mistake_to_look_for),
		cmocka_unit_test(words_of_a_group),
	};

	return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
