/* xenfarm share push: whom to, and what the other server says. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "farm/share/push.h"
#include "lib/array.h"
#include "lib/cleanup.h"

static void test_target(void **state)
{
	static const struct {
		const char *text, *host, *path;
	} good[] = {
		{ "server2", "server2", "/srv/share" },
		{ "root@server-2.example", "root@server-2.example", "/srv/share" },
		{ "server2:/a b", "server2", "/a b" },
		{ "[fd00::2]:/x", "fd00::2", "/x" },
		{ "[fd00::2]", "fd00::2", "/srv/share" },
	};
	static const char *const bad[] = { "", ":", ":/x", "-x", "-oX=y:/x", "a b", "a;b", "$(a)",
		"a:", "a:x", "a:/x\ny", "[", "[]", "[]:/x", "[fd00::2", "[fd00::2]x:/x",
		"[x;y]:/x" };
	struct push_target target;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(push_parse(good[i].text, "/srv/share", &target), 0);
		assert_string_equal(target.host, good[i].host);
		assert_string_equal(target.path, good[i].path);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(push_parse(bad[i], "/srv/share", &target), -EINVAL);
}

static void test_long_target(void **state)
{
	struct push_target target;
	char host[sizeof(target.host) + 1], path[sizeof(target.path) + 1];

	(void)state;
	memset(host, 'a', sizeof(host));
	host[sizeof(host) - 1] = '\0';
	assert_int_equal(push_parse(host, "/", &target), -EINVAL);
	host[sizeof(host) - 2] = '\0';
	assert_int_equal(push_parse(host, "/", &target), 0);
	memset(path, '/', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(push_parse("a", path, &target), -EINVAL);
}

static void test_quote(void **state)
{
	AUTO_BUF struct buf out = { 0 };

	(void)state;
	buf_add_word(&out, "/a 'b' $(c)");
	buf_add(&out, "", 1);
	assert_string_equal(out.data, "'/a '\\''b'\\'' $(c)'");
}

static int parse(const char *text, struct push *push)
{
	*push = (struct push){ 0 };
	return push_parse_reply(push, text, strlen(text));
}

static void test_reply(void **state)
{
	static const char *const bad[] = { "", "x", "[]", "{}", "null",
		"{\"version\":2,\"keys\":0,\"generations\":[],\"channels\":{}}",
		"{\"version\":1,\"keys\":0,\"generations\":[]}",
		"{\"version\":1,\"keys\":-1,\"generations\":[],\"channels\":{}}",
		"{\"version\":1,\"keys\":0,\"generations\":[0],\"channels\":{}}",
		"{\"version\":1,\"keys\":0,\"generations\":[1000000000],\"channels\":{}}",
		"{\"version\":1,\"keys\":0,\"generations\":[2,1],\"channels\":{}}",
		"{\"version\":1,\"keys\":0,\"generations\":[\"1\"],\"channels\":{}}",
		"{\"version\":1,\"keys\":0,\"generations\":{},\"channels\":{}}",
		"{\"version\":1,\"keys\":0,\"generations\":[1],\"channels\":[]}",
		"{\"version\":1,\"keys\":0,\"generations\":[1],\"channels\":{\"live\":\"1\"}}",
		"{\"version\":1,\"keys\":0,\"generations\":[1],\"channels\":{"
		"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":1}}",
		"{\"version\":1,\"keys\":0,\"generations\":[1],\"channels\":{}" };
	struct push push;

	(void)state;
	assert_int_equal(parse("{\"version\":1,\"keys\":2,\"generations\":[2,4],\"channels\":{"
			       "\"live\":2,\"canary\":4}}\n",
				 &push),
		0);
	assert_int_equal(push.n_keys, 2);
	assert_int_equal(push.n_has, 2);
	assert_int_equal(push.has[1], 4);
	assert_int_equal(push.n_channels, 2);
	assert_string_equal(push.channel[1].name, "canary");
	assert_int_equal(push.channel[1].generation, 4);
	push_free(&push);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(parse(bad[i], &push), -EINVAL);
		push_free(&push);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_target),
		cmocka_unit_test(test_long_target),
		cmocka_unit_test(test_quote),
		cmocka_unit_test(test_reply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
