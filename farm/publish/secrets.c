#include "farm/publish/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/array.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"
#include "lib/vis.h"

#define BASE64 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
#define CRYPT  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./"

struct text {
	const char *at, *end;
};

/* No part of a pattern is longer; this keeps the time for a file linear. */
#define RUN_MAX 512

/* The number of characters at the beginning that are in set, up to RUN_MAX. */
static size_t span(struct text t, const char *set)
{
	size_t n = 0;

	while (n < RUN_MAX && t.at + n < t.end && t.at[n] && strchr(set, t.at[n]))
		n++;
	return n;
}

static bool begins(struct text t, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(t.end - t.at) >= n && memcmp(t.at, word, n) == 0;
}

/* --- private keys: PEM (RFC 7468), OpenSSH's, OpenPGP's; as files or as strings in programs --- */

/* Skip what may be between the line of dashes and the data: line ends, escaped ones, quotes,
 * headers. */
static struct text skip_to_data(struct text t)
{
	for (;;) {
		size_t n = span(t, " \t\r\n\"'+,;");

		if (begins(t, "\\n") || begins(t, "\\r"))
			n = 2;
		else if (begins(t, "Proc-Type:") || begins(t, "DEK-Info:") ||
			 begins(t, "Version:") || begins(t, "Comment:"))
			while (n < RUN_MAX && t.at + n < t.end && t.at[n] != '\n' &&
				t.at[n] != '\\')
				n++;
		if (n == 0)
			return t;
		t.at += n;
	}
}

/* t begins with "PRIVATE KEY" */
static bool is_private_key(const char *begin, struct text t)
{
	static const char before[] = "-----BEGIN ";
	const char *line = t.at;

	/* "RSA ", "OPENSSH ", "ENCRYPTED ", … */
	while (line > begin && t.at - line < 32 &&
		(line[-1] == ' ' || (line[-1] >= 'A' && line[-1] <= 'Z')))
		line--;
	if (line - begin < 5 || memcmp(line - 5, before, sizeof(before) - 1) != 0)
		return false;
	t.at += strlen("PRIVATE KEY");
	if (begins(t, " BLOCK"))
		t.at += strlen(" BLOCK");
	if (!begins(t, "-----"))
		return false;
	t.at += strlen("-----");
	return span(skip_to_data(t), BASE64) >= 16;
}

static bool has_private_key(const char *text, size_t n)
{
	static const char word[] = "PRIVATE KEY";
	struct text t = { text, text + n };

	while ((t.at = memmem(t.at, (size_t)(t.end - t.at), word, sizeof(word) - 1)) != NULL) {
		if (is_private_key(text, t))
			return true;
		t.at++;
	}
	return false;
}

/* --- hashes: crypt(5), and similar ones --- */

/* Method, parameters, salt and hash, separated by '$'; the hash is the last part, and long. */
static bool is_hash(struct text t)
{
	static const struct {
		const char *method;
		size_t least; /* characters of the last part */
	} methods[] = { { "$1$", 22 }, { "$apr1$", 22 }, { "$5$", 43 }, { "$6$", 80 },
		{ "$7$", 43 }, { "$y$", 43 }, { "$gy$", 43 }, { "$2a$", 53 }, { "$2b$", 53 },
		{ "$2x$", 53 }, { "$2y$", 53 }, { "$sha1$", 28 }, { "$md5", 22 }, { "$argon2", 22 },
		{ "$scrypt$", 22 }, { "$pbkdf2", 22 } };
	size_t i = 0, n, last;

	while (i < ARRAY_SIZE(methods) && !begins(t, methods[i].method))
		i++;
	if (i == ARRAY_SIZE(methods))
		return false;
	n = last = span(t, CRYPT "$=,+-_");
	while (last > 0 && t.at[last - 1] != '$')
		last--;
	return n - last >= methods[i].least && last > strlen(methods[i].method);
}

static bool has_hash(const char *text, size_t n)
{
	struct text t = { text, text + n };

	while ((t.at = memchr(t.at, '$', (size_t)(t.end - t.at))) != NULL) {
		if (is_hash(t))
			return true;
		t.at++;
	}
	return false;
}

const char *secrets_find(const char *text, size_t n)
{
	if (n == 0)
		return NULL;
	if (has_private_key(text, n))
		return "a private key";
	return has_hash(text, n) ? "a password hash" : NULL;
}

/* --- in a tree --- */

static bool is_new(const struct treelist *previous, const struct treelist_entry *e)
{
	const struct treelist_entry *old = treelist_find(previous, e->path, strlen(e->path));

	return !old || !treelist_same_inode(old, e);
}

static int look_into(int dir, const struct treelist_entry *e, struct buf *text, const char **what)
{
	AUTO_CLOSE int fd = fsroot_open(dir, e->path, O_RDONLY | O_NOFOLLOW, 0);
	int r;

	text->size = 0;
	r = fd < 0 ? fd : buf_read(text, fd, SECRETS_FILE_MAX);
	*what = r < 0 ? NULL : secrets_find(text->data, text->size);
	return r;
}

int secrets_look(int dir, const struct treelist *tree, const struct treelist *previous)
{
	AUTO_BUF struct buf text = { 0 };
	int found = 0;

	for (size_t i = 0; i < tree->n; i++) {
		const struct treelist_entry *e = &tree->entry[i];
		AUTO_FREE char *path = NULL;
		const char *what;
		int r;

		if (!S_ISREG(e->mode) || e->size > SECRETS_FILE_MAX || !is_new(previous, e))
			continue;
		r = look_into(dir, e, &text, &what);
		if (r == 0 && !what)
			continue;
		path = vis_string(e->path);
		if (r < 0)
			return cli_error(r, "%s", path ? path : "?");
		cli_error(0,
			"%s seems to hold %s, which every client can read; exclude it in "
			"etc/filter",
			path ? path : "?", what);
		found++;
	}
	return found;
}
