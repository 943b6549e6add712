/* Tables: the same rows for a person, for a script and as JSON; what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "farm/table.h"
#include "lib/array.h"

static const struct table_column columns[] = {
	{ "name", "NAME", TABLE_TEXT, false },
	{ "generation", "GENERATION", TABLE_NUMBER, false },
	{ "pinned", "PINNED", TABLE_BOOL, false },
	{ "admin", "ADMIN", TABLE_TEXT, true },
	{ "group", "GROUPS", TABLE_LIST, true },
};

static struct table *make(void)
{
	static const char *const rows[][5] = {
		{ "web10", "7", "no", "ann", "front,all" },
		{ "web9", "12", "yes", NULL },
		{ "mail", "7", "no", "bob b", "al" },
	};
	struct table *t = table_new("clients", columns, ARRAY_SIZE(columns));

	assert_non_null(t);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(table_add(t, rows[i]), 0);
	return t;
}

/* What is printed, up to the next call. */
static const char *print(const struct table_style *style, int expected)
{
	static char text[4096];
	AUTO_TABLE struct table *t = make();
	FILE *file = tmpfile();
	int kept = dup(STDOUT_FILENO), r;
	size_t n;

	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	r = table_print(t, style);
	fflush(stdout);
	dup2(kept, STDOUT_FILENO);
	close(kept);
	rewind(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	fclose(file);
	assert_int_equal(r, expected);
	return text;
}

static void for_a_person(void **state)
{
	(void)state;
	assert_string_equal(print(&(struct table_style){ 0 }, 0), "NAME  GENERATION PINNED\n"
								  "web10          7 no\n"
								  "web9          12 yes\n"
								  "mail           7 no\n");
	assert_string_equal(
		print(&(struct table_style){ .no_header = true, .columns = "admin,name" }, 0),
		"ann   web10\n"
		"      web9\n"
		"bob b mail\n");
}

static void for_a_script(void **state)
{
	(void)state;
	assert_string_equal(print(&(struct table_style){ .format = "raw",
					  .columns = "name,admin",
					  .no_header = true },
				    0),
		"web10 ann\nweb9 \nmail bob\\x20b\n");
}

static void as_json(void **state)
{
	static const char all[] = "{\n"
				  "  \"version\":1,\n"
				  "  \"clients\":[\n"
				  "    {\n"
				  "      \"name\":\"web9\",\n"
				  "      \"generation\":12,\n"
				  "      \"pinned\":true,\n"
				  "      \"admin\":null,\n"
				  "      \"group\":[\n"
				  "      ]\n"
				  "    }\n"
				  "  ]\n"
				  "}\n";

	(void)state;
	assert_string_equal(
		print(&(struct table_style){ .json = true, .filter = "name=web9" }, 0), all);
	assert_string_equal(
		print(&(struct table_style){ .format = "json", .filter = "name=web9" }, 0), all);
	assert_non_null(
		strstr(print(&(struct table_style){ .json = true, .filter = "name=web10" }, 0),
			"      \"group\":[\n        \"front\",\n        \"all\"\n      ]\n"));
	assert_null(strstr(
		print(&(struct table_style){ .json = true, .columns = "name" }, 0), "generation"));
}

static void sorts_and_filters(void **state)
{
	struct table_style style = { .columns = "name", .no_header = true };

	(void)state;
	style.sort = "name";
	assert_string_equal(print(&style, 0), "mail\nweb9\nweb10\n");
	style.sort = "-generation";
	assert_string_equal(print(&style, 0), "web9\nweb10\nmail\n");
	style.sort = NULL;
	style.filter = "generation=7,name=w*";
	assert_string_equal(print(&style, 0), "web10\n");
	style.filter = "group=all";
	assert_string_equal(print(&style, 0), "web10\n");
	style.filter = "group=front,all";
	print(&style, -EINVAL);
	style.filter = "group=";
	assert_string_equal(print(&style, 0), "web9\n");
	style.filter = "group=a*";
	assert_string_equal(print(&style, 0), "web10\nmail\n");
	style.filter = "admin=";
	assert_string_equal(print(&style, 0), "web9\n");
}

static void refuses(void **state)
{
	static const struct table_style wrong[] = {
		{ .format = "xml" },
		{ .columns = "name,colour" },
		{ .columns = "" },
		{ .columns = "name,name,name,name,name,name,name,name,name,name,name,name,name,"
			     "name,"
			     "name,name,name,name,name,name,name,name,name,name,name,name,name,"
			     "name,"
			     "name,name,name,name,name" },
		{ .sort = "colour" },
		{ .sort = "-" },
		{ .filter = "name" },
		{ .filter = "colour=red" },
	};
	AUTO_TABLE struct table *t = make();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		assert_int_equal(table_check_style(t, &wrong[i]), -EINVAL);
		assert_string_equal(print(&wrong[i], -EINVAL), "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(for_a_person),
		cmocka_unit_test(for_a_script),
		cmocka_unit_test(as_json),
		cmocka_unit_test(sorts_and_filters),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
