/* keychain.h: its text, and who can follow. */
#include "lib/keychain.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define UUID "f81d4fae-7dec-41d0-a765-00a0c91e6bf6"

enum { KEYS = 4 };
static struct signature_key *key[KEYS]; /* private */

static int make_keys(void **state)
{
	char directory[] = "/tmp/keychain_test.XXXXXX", path[64], public[80];

	(void)state;
	if (!mkdtemp(directory))
		return -1;
	for (int i = 0; i < KEYS; i++) {
		snprintf(path, sizeof(path), "%s/key", directory);
		snprintf(public, sizeof(public), "%s.pub", path);
		if (signature_keygen(path) < 0 || signature_read_private(path, &key[i]) < 0)
			return -1;
		unlink(path);
		unlink(public);
	}
	return rmdir(directory);
}

static int free_keys(void **state)
{
	(void)state;
	for (int i = 0; i < KEYS; i++)
		signature_key_free(key[i]);
	return 0;
}

/* 0, 1 and 2 */
static void make_chain(struct keychain *chain)
{
	keychain_begin(chain, UUID, key[0]);
	assert_int_equal(keychain_append(chain, key[0], key[1]), 0);
	assert_int_equal(keychain_append(chain, key[1], key[2]), 0);
}

static void follows(const struct keychain *chain, const struct signature_key *trusted, int wanted)
{
	struct signature_key *last = NULL;

	assert_int_equal(keychain_follow(chain, trusted, &last), wanted);
	if (wanted == 0)
		assert_true(keychain_ends_with(chain, last));
	else
		assert_null(last);
	signature_key_free(last);
}

static void test_follow(void **state)
{
	struct keychain chain, other;

	(void)state;
	make_chain(&chain);
	for (int i = 0; i < 3; i++)
		follows(&chain, key[i], 0);
	follows(&chain, key[3], -ENOENT);
	assert_true(keychain_ends_with(&chain, key[2]));
	assert_false(keychain_ends_with(&chain, key[1]));

	/* The signature is good in no other share, for no other key, and by no other. */
	other = chain;
	other.share[0] ^= 1;
	follows(&other, key[0], -EBADMSG);
	follows(&other, key[2], 0);
	other = chain;
	signature_public(key[3], other.key[2].public);
	follows(&other, key[1], -EBADMSG);
	other = chain;
	other.key[1].signature[5] ^= 1;
	follows(&other, key[0], -EBADMSG);
	follows(&other, key[1], 0);
	/* A link left out */
	other = chain;
	other.key[1] = other.key[2];
	other.n = 2;
	follows(&other, key[0], -EBADMSG);
}

static void test_append(void **state)
{
	struct keychain chain;

	(void)state;
	make_chain(&chain);
	assert_int_equal(keychain_append(&chain, key[1], key[3]), -EPERM);
	assert_int_equal(keychain_append(&chain, key[2], key[0]), -EEXIST);
	assert_int_equal(keychain_append(&chain, key[2], key[2]), -EEXIST);
	assert_int_equal(chain.n, 3);
	chain.key[KEYCHAIN_KEYS_MAX - 1] = chain.key[2];
	chain.n = KEYCHAIN_KEYS_MAX;
	assert_int_equal(keychain_append(&chain, key[2], key[3]), -ENOSPC);
}

static void test_text(void **state)
{
	struct keychain chain, again;
	AUTO_BUF struct buf text = { 0 }, pem = { 0 };

	(void)state;
	make_chain(&chain);
	keychain_print(&chain, &text);
	assert_false(text.failed);
	assert_int_equal(keychain_parse(text.data, text.size, &again), 0);
	assert_string_equal(again.share, UUID);
	assert_int_equal(again.n, 3);
	follows(&again, key[0], 0);
	assert_int_equal(signature_public_pem(key[0], &pem), 0);
	assert_memory_equal(pem.data, "-----BEGIN PUBLIC KEY-----\n", 27);
	/* Cut anywhere, but for after a whole line, it is nothing. */
	for (size_t n = 0; n < text.size; n++)
		assert_int_equal(keychain_parse(text.data, n, &again),
			n > 100 && text.data[n - 1] == '\n' ? 0 : -EINVAL);
	/* Whatever bit is turned: nothing, or nobody follows from the first key. */
	for (size_t i = 0; i < 8 * text.size; i++) {
		struct signature_key *last;

		text.data[i / 8] ^= (char)(1 << i % 8);
		if (keychain_parse(text.data, text.size, &again) == 0)
			assert_int_not_equal(keychain_follow(&again, key[0], &last), 0);
		text.data[i / 8] ^= (char)(1 << i % 8);
	}
}

static void test_bad(void **state)
{
#define HEAD "# xenfarm keys 1\nshare " UUID "\n"
#define A32  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	static const char *const bad[] = { "", "\n", "# xenfarm keys 1\n", HEAD,
		HEAD "next " A32 "\n", HEAD "key " A32, HEAD "key " A32 " \n",
		HEAD "key " A32 "A\n", HEAD "key AAAA\n", HEAD "key " A32 "\nkey " A32 "\n",
		HEAD "key " A32 "\nnext " A32 "\n", HEAD "key " A32 "\n\n",
		"# xenfarm keys 2\nshare " UUID "\nkey " A32 "\n",
		"# xenfarm keys 1\nshare x\nkey " A32 "\n",
		HEAD "key AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n" };
	struct keychain chain;
	AUTO_BUF struct buf text = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(keychain_parse(bad[i], strlen(bad[i]), &chain), -EINVAL);
	assert_int_equal(
		keychain_parse(HEAD "key " A32 "\n", sizeof(HEAD "key " A32 "\n") - 1, &chain), 0);
	make_chain(&chain);
	for (size_t i = 3; i < KEYCHAIN_KEYS_MAX; i++)
		chain.key[i] = chain.key[2];
	chain.n = KEYCHAIN_KEYS_MAX;
	keychain_print(&chain, &text);
	assert_true(text.size <= KEYCHAIN_BYTES_MAX);
	assert_int_equal(keychain_parse(text.data, text.size, &chain), 0);
	buf_puts(&text, "next " A32 " AAAA\n");
	assert_int_equal(keychain_parse(text.data, text.size, &chain), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_follow),
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
