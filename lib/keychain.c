#include "lib/keychain.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define HEADER "# xenfarm keys 1"

/* What a key's successor is signed with. No manifest can be mistaken for it: those begin otherwise.
 */
#define STATEMENT "xenfarm: in share %s the key %s is followed by the key %s\n"

enum { STATEMENT_MAX = sizeof(STATEMENT) + MANIFEST_UUID_MAX + 2 * KEYCHAIN_NAME_MAX };

/* --- the text ----------------------------------------------------------------------------------
 */

struct text {
	const char *at, *end;
};

/* The next line without its newline; false at the end, or if the newline is missing. */
static bool next_line(struct text *text, struct text *line)
{
	const char *newline = memchr(text->at, '\n', (size_t)(text->end - text->at));

	if (!newline)
		return false;
	*line = (struct text){ text->at, newline };
	text->at = newline + 1;
	return true;
}

/* Pass over a word and the blank behind it. */
static bool skip(struct text *line, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(line->end - line->at) < n || memcmp(line->at, word, n) != 0)
		return false;
	line->at += n;
	return true;
}

/* Exactly n bytes, as the encoder writes them; for n % 3 > 0, as all that we have. */
static bool base64(struct text *line, uint8_t *bytes, size_t n)
{
	size_t size = (n + 2) / 3 * 4;
	unsigned char decoded[SIGNATURE_BYTES + 2];
	char again[SIGNATURE_BYTES * 2];

	if ((size_t)(line->end - line->at) < size ||
		EVP_DecodeBlock(decoded, (const unsigned char *)line->at, (int)size) !=
			(int)((n + 2) / 3 * 3))
		return false;
	EVP_EncodeBlock((unsigned char *)again, decoded, (int)n);
	if (memcmp(again, line->at, size) != 0)
		return false;
	memcpy(bytes, decoded, n);
	line->at += size;
	return true;
}

static bool parse_share(struct text *line, struct keychain *chain)
{
	size_t n = sizeof(chain->share) - 1;

	if (!skip(line, "share ") || (size_t)(line->end - line->at) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!strchr("0123456789abcdef-", line->at[i]) || !line->at[i])
			return false;
	memcpy(chain->share, line->at, n);
	line->at += n;
	return true;
}

static bool parse_key(struct text *line, struct keychain *chain)
{
	struct keychain_key *key = &chain->key[chain->n];
	bool first = chain->n == 0;

	if (chain->n++ == KEYCHAIN_KEYS_MAX || !skip(line, first ? "key " : "next ") ||
		!base64(line, key->public, sizeof(key->public)))
		return false;
	return first || (skip(line, " ") && base64(line, key->signature, sizeof(key->signature)));
}

int keychain_parse(const char *data, size_t n, struct keychain *chain)
{
	struct text text = { data, data + n }, line;

	*chain = (struct keychain){ 0 };
	if (n > KEYCHAIN_BYTES_MAX || !next_line(&text, &line) || !skip(&line, HEADER) ||
		line.at != line.end)
		return -EINVAL;
	if (!next_line(&text, &line) || !parse_share(&line, chain))
		return -EINVAL;
	while (text.at < text.end)
		if (!next_line(&text, &line) || !parse_key(&line, chain) || line.at != line.end)
			return -EINVAL;
	return chain->n ? 0 : -EINVAL;
}

static void put_base64(struct buf *out, const uint8_t *bytes, size_t n)
{
	char text[SIGNATURE_BYTES * 2];

	EVP_EncodeBlock((unsigned char *)text, bytes, (int)n);
	buf_puts(out, text);
}

void keychain_print(const struct keychain *chain, struct buf *out)
{
	buf_printf(out, HEADER "\nshare %s\n", chain->share);
	for (size_t i = 0; i < chain->n; i++) {
		buf_puts(out, i ? "next " : "key ");
		put_base64(out, chain->key[i].public, sizeof(chain->key[i].public));
		if (i)
			buf_puts(out, " ");
		if (i)
			put_base64(out, chain->key[i].signature, sizeof(chain->key[i].signature));
		buf_puts(out, "\n");
	}
}

void keychain_name(
	const uint8_t public[static SIGNATURE_PUBLIC_BYTES], char name[static KEYCHAIN_NAME_MAX])
{
	EVP_EncodeBlock((unsigned char *)name, public, SIGNATURE_PUBLIC_BYTES);
}

/* --- what it says ------------------------------------------------------------------------------
 */

static size_t statement(const struct keychain *chain, size_t i, char text[static STATEMENT_MAX])
{
	char old[KEYCHAIN_NAME_MAX], new[KEYCHAIN_NAME_MAX];

	keychain_name(chain->key[i - 1].public, old);
	keychain_name(chain->key[i].public, new);
	return (size_t)snprintf(text, STATEMENT_MAX, STATEMENT, chain->share, old, new);
}

void keychain_begin(struct keychain *chain, const char *share, const struct signature_key *key)
{
	*chain = (struct keychain){ .n = 1 };
	snprintf(chain->share, sizeof(chain->share), "%s", share);
	signature_public(key, chain->key[0].public);
}

static bool is_key(const struct keychain *chain, size_t i, const struct signature_key *key)
{
	uint8_t public[SIGNATURE_PUBLIC_BYTES];

	signature_public(key, public);
	return memcmp(public, chain->key[i].public, sizeof(public)) == 0;
}

bool keychain_ends_with(const struct keychain *chain, const struct signature_key *key)
{
	return is_key(chain, chain->n - 1, key);
}

int keychain_append(
	struct keychain *chain, const struct signature_key *old, const struct signature_key *new)
{
	char text[STATEMENT_MAX];
	int r;

	if (!keychain_ends_with(chain, old))
		return -EPERM;
	for (size_t i = 0; i < chain->n; i++)
		if (is_key(chain, i, new))
			return -EEXIST;
	if (chain->n == KEYCHAIN_KEYS_MAX)
		return -ENOSPC;
	signature_public(new, chain->key[chain->n].public);
	r = signature_sign(
		old, text, statement(chain, chain->n, text), chain->key[chain->n].signature);
	if (r == 0)
		chain->n++;
	return r;
}

struct signature_key *keychain_key(const struct keychain *chain, size_t i)
{
	return signature_from_public(chain->key[i].public);
}

/* Is the i-th key signed by the one before it? */
static int check(const struct keychain *chain, size_t i)
{
	struct signature_key *before = keychain_key(chain, i - 1);
	char text[STATEMENT_MAX];
	int r = -EIO;

	if (before)
		r = signature_verify(
			before, text, statement(chain, i, text), chain->key[i].signature);
	signature_key_free(before);
	return r;
}

int keychain_follow(const struct keychain *chain, const struct signature_key *trusted,
	struct signature_key **last)
{
	size_t i = chain->n;
	int r = 0;

	while (i > 0 && !is_key(chain, i - 1, trusted))
		i--;
	if (i == 0)
		return -ENOENT;
	for (; i < chain->n && r == 0; i++)
		r = check(chain, i);
	if (r < 0)
		return r;
	*last = keychain_key(chain, chain->n - 1);
	return *last ? 0 : -EIO;
}
