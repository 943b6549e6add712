#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/plan/policy.h"

static void globs(void **state)
{
	static const struct {
		const char *glob, *path;
		int directory, matches;
	} rows[] = {
		{ "etc/fstab", "etc/fstab", 0, 1 }, { "/etc/fstab", "etc/fstab", 0, 1 },
		{ "etc/fstab", "etc/fstab2", 0, 0 }, { "etc/ssl", "etc/ssl/certs/a.pem", 0, 1 },
		{ "etc/ssl", "etc/ssl-2", 0, 0 }, { "etc/*.conf", "etc/a.conf", 0, 1 },
		{ "etc/*.conf", "etc/x/a.conf", 0, 0 }, { "etc/**.conf", "etc/x/a.conf", 0, 1 },
		{ "**/*.bak", "a/b/c.bak", 0, 1 }, { "**.bak", "c.bak", 0, 1 },
		{ "a/**/z", "a/b/c/z", 0, 1 }, { "a/**/z", "a/z", 0, 0 },
		{ "a**b*c", "a/x/bb/bxc", 0, 1 }, { "*a*b*c*d", "xaxbxcxd", 0, 1 },
		{ "*a*b*c*d", "xaxbxcx", 0, 0 }, { "a?c", "abc", 0, 1 }, { "a?c", "a/c", 0, 0 },
		{ "a[b-d]e", "ace", 0, 1 }, { "a[!b-d]e", "ace", 0, 0 }, { "a[^b]e", "a/e", 0, 0 },
		{ "a[]]e", "a]e", 0, 1 }, { "a[e", "a[e", 0, 1 }, { "var/log/", "var/log", 1, 1 },
		{ "var/log/", "var/log", 0, 0 }, { "var/log/", "var/log/apt", 1, 0 },
		{ "var/**/", "var/log/apt", 1, 1 }, { "a\\040b", "a b", 0, 1 }, { "**", "a", 1, 1 },
		{ "**", "", 1, 0 }, /* the root itself is nobody's */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policies *p = policies_new();
		char text[64] = "hold ";
		const char *what;
		unsigned int line;

		strcat(text, rows[i].glob);
		assert_int_equal(policies_add(p, text, strlen(text), &line, &what), 0);
		if ((policies_find(p, rows[i].path, rows[i].directory) == POLICY_HOLD) !=
			rows[i].matches)
			fail_msg("%s with %s", rows[i].glob, rows[i].path);
		policies_free(p);
	}
}

static void texts(void **state)
{
	static const struct {
		const char *text;
		unsigned int line; /* of the error; 0: none */
	} rows[] = {
		{ "", 0 },
		{ "# only a comment", 0 },
		{ "  keep\tetc/a  \r\n\n#x\nmerge b", 0 },
		{ "keep a\nwhat b\n", 2 },
		{ "keep", 1 },
		{ "keep a b", 1 },
		{ "keep /", 1 },
		{ "keep a\\9", 1 },
		{ "keep \\000", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policies *p = policies_new();
		const char *what = NULL;
		unsigned int line;
		int r = policies_add(p, rows[i].text, strlen(rows[i].text), &line, &what);

		assert_int_equal(r, rows[i].line ? -22 : 0);
		if (rows[i].line) {
			assert_int_equal(line, rows[i].line);
			assert_non_null(what);
			assert_int_equal(policies_find(p, "a", false), POLICY_AUTO);
		}
		policies_free(p);
	}
}

static void defaults(void **state)
{
	struct policies *p = policies_new();

	(void)state;
	assert_int_equal(policies_add_defaults(p), 0);
	assert_int_equal(policies_find(p, "etc/machine-id", false), POLICY_IGNORE);
	assert_int_equal(policies_find(p, "etc/xenfarm/hostname", false), POLICY_IGNORE);
	assert_int_equal(policies_find(p, "etc/ssh/ssh_host_rsa_key.pub", false), POLICY_IGNORE);
	assert_int_equal(policies_find(p, "etc/ssh/sshd_config", false), POLICY_AUTO);
	assert_int_equal(policies_find(p, "var/log/apt", true), POLICY_AUTO);
	assert_int_equal(policies_find(p, "var/log/apt/history.log", false), POLICY_IGNORE);
	assert_int_equal(policies_find(p, "etc/passwd", false), POLICY_AUTO);
	policies_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(globs),
		cmocka_unit_test(texts),
		cmocka_unit_test(defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
