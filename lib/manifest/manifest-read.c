#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "lib/cleanup.h"
#include "lib/manifest/manifest-line.h"
#include "lib/manifest/manifest-lists.h"

#define TEXT_CHUNK (64 * 1024)

struct manifest_parser {
	manifest_entry_fn *entry;
	void *arg;
	size_t more;                                              /* lists that follow this one */
	int (*next)(const struct manifest_head *head, void *arg); /* called between two lists */
	unsigned long before; /* lines of the lists before this one */
	enum { UNDECIDED, PLAIN, GZIP, GZIP_ENDED } form;
	z_stream inflate;
	uint64_t text;      /* bytes of text so far */
	struct buf partial; /* the beginning of a line that the last chunk broke */
	struct manifest_lines lines;
	char chunk[TEXT_CHUNK];
};

struct manifest_parser *manifest_parser_new(manifest_entry_fn *entry, void *arg)
{
	struct manifest_parser *p = malloc(sizeof(*p));

	if (!p)
		return NULL;
	memset(p, 0, offsetof(struct manifest_parser, chunk));
	p->entry = entry;
	p->arg = arg;
	return p;
}

void manifest_parser_free(struct manifest_parser *p)
{
	if (!p)
		return;
	if (p->form == GZIP || p->form == GZIP_ENDED)
		inflateEnd(&p->inflate);
	manifest_lines_free(&p->lines);
	buf_free(&p->partial);
	free(p);
}

const struct manifest_head *manifest_parser_head(const struct manifest_parser *p)
{
	return &p->lines.head;
}

static int broken(struct manifest_error *error, unsigned long line, const char *rule)
{
	*error = (struct manifest_error){ .line = line, .rule = rule };
	return -EBADMSG;
}

static unsigned long next_line(const struct manifest_parser *p)
{
	return p->before + p->lines.line + 1;
}

/* The list is complete, and another one follows. */
static int begin_next(struct manifest_parser *p, struct manifest_error *error)
{
	const char *rule = manifest_lines_end(&p->lines);
	int r = rule ? broken(error, next_line(p), rule) : p->next(&p->lines.head, p->arg);

	p->more--;
	p->before += p->lines.line;
	manifest_lines_free(&p->lines);
	memset(&p->lines, 0, sizeof(p->lines));
	return r;
}

/* One line, text[n] writeable. */
static int line(struct manifest_parser *p, char *text, size_t n, struct manifest_error *error)
{
	bool complete = p->lines.line >= 2 && p->lines.entries == p->lines.head.entries;
	int r = p->more && complete ? begin_next(p, error) : 0;
	uint64_t before = p->lines.entries;
	const char *rule = r == 0 ? manifest_line(&p->lines, text, n) : NULL;

	if (rule)
		return broken(error, p->before + p->lines.line, rule);
	return r == 0 && p->lines.entries > before ? p->entry(&p->lines.entry, p->arg) : r;
}

/* Cut text, which may be overwritten, into lines; what is left over waits for the next chunk. */
static int lines(struct manifest_parser *p, char *text, size_t n, struct manifest_error *error)
{
	char *end = text + n;
	int r = 0;

	p->text += n;
	if (p->text > MANIFEST_TEXT_MAX)
		return broken(error, next_line(p), "the text is longer than the limit");
	while (text < end && r == 0) {
		char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t size = (size_t)((newline ? newline : end) - text);

		if (p->partial.size + size > MANIFEST_LINE_MAX)
			return broken(error, next_line(p), "the line is too long");
		if (newline && p->partial.size == 0) {
			r = line(p, text, size, error);
		} else {
			/* With the newline, so that there is a byte behind the line. */
			buf_add(&p->partial, text, size + (newline != NULL));
			if (p->partial.failed)
				return -ENOMEM;
			if (newline) {
				r = line(p, p->partial.data, p->partial.size - 1, error);
				p->partial.size = 0;
			}
		}
		text += size + (newline != NULL);
	}
	return r;
}

static int plain(
	struct manifest_parser *p, const char *data, size_t n, struct manifest_error *error)
{
	int r = 0;

	while (n > 0 && r == 0) {
		size_t part = n < TEXT_CHUNK ? n : TEXT_CHUNK;

		memcpy(p->chunk, data, part);
		r = lines(p, p->chunk, part, error);
		data += part;
		n -= part;
	}
	return r;
}

static int gzip(struct manifest_parser *p, const void *data, size_t n, struct manifest_error *error)
{
	z_stream *z = &p->inflate;
	int r = 0, status = Z_OK;

	z->next_in = (unsigned char *)data;
	z->avail_in = (uInt)n;
	while (r == 0 && status == Z_OK) {
		z->next_out = (unsigned char *)p->chunk;
		z->avail_out = TEXT_CHUNK;
		status = inflate(z, Z_NO_FLUSH);
		r = lines(p, p->chunk, TEXT_CHUNK - z->avail_out, error);
	}
	if (r != 0)
		return r;
	if (status == Z_STREAM_END) {
		p->form = GZIP_ENDED;
		if (z->avail_in > 0)
			return broken(error, next_line(p), "bytes follow the end of the gzip data");
	} else if (status != Z_BUF_ERROR) {
		return status == Z_MEM_ERROR
			       ? -ENOMEM
			       : broken(error, next_line(p), "the gzip data is damaged");
	}
	return 0;
}

/* gzip begins with 1f 8b (RFC 1952); no text does. */
static int decide(struct manifest_parser *p, unsigned char first)
{
	if (first != 0x1f) {
		p->form = PLAIN;
		return 0;
	}
	if (inflateInit2(&p->inflate, 16 + MAX_WBITS) != Z_OK)
		return -ENOMEM;
	p->form = GZIP;
	return 0;
}

int manifest_parser_feed(
	struct manifest_parser *p, const void *data, size_t n, struct manifest_error *error)
{
	const unsigned char *bytes = data;
	int r = 0;

	*error = (struct manifest_error){ 0 };
	if (n > 0 && p->form == UNDECIDED)
		r = decide(p, bytes[0]);
	while (r == 0 && n > 0) {
		/* zlib counts in 32 bits. */
		size_t part = n < (1u << 30) ? n : 1u << 30;

		if (p->form == PLAIN)
			r = plain(p, (const char *)bytes, part, error);
		else if (p->form == GZIP)
			r = gzip(p, bytes, part, error);
		else
			r = broken(error, next_line(p), "bytes follow the end of the gzip data");
		bytes += part;
		n -= part;
	}
	return r;
}

int manifest_parser_finish(struct manifest_parser *p, struct manifest_error *error)
{
	const char *rule;

	*error = (struct manifest_error){ 0 };
	if (p->form == GZIP)
		return broken(error, next_line(p), "the gzip data is cut off");
	if (p->partial.size > 0)
		return broken(error, next_line(p), "the last line is cut off");
	rule = manifest_lines_end(&p->lines);
	if (!rule && p->more)
		rule = "there are fewer lists than there should be";
	return rule ? broken(error, next_line(p), rule) : 0;
}

/* The lists as they come. */
struct collector {
	struct manifest **list;
	size_t at;
};

static int add(const struct manifest_entry *entry, void *arg)
{
	const struct collector *c = arg;

	return manifest_add(c->list[c->at], entry) ? 0 : -ENOMEM;
}

static int next(const struct manifest_head *head, void *arg)
{
	struct collector *c = arg;

	c->list[c->at++]->head = *head;
	return 0;
}

static void free_lists(struct manifest **list, size_t lists)
{
	for (size_t i = 0; i < lists; i++) {
		manifest_free(list[i]);
		list[i] = NULL;
	}
}

static int new_lists(struct manifest **list, size_t lists)
{
	bool ok = true;

	for (size_t i = 0; i < lists; i++)
		ok &= (list[i] = manifest_new()) != NULL;
	return ok ? 0 : -ENOMEM;
}

static int check_signature(const void *data, size_t n, const struct signature_key *key,
	const void *signature, size_t n_signature, struct manifest_error *error)
{
	if (n_signature != SIGNATURE_BYTES)
		return broken(error, 0, "the signature is not 64 bytes long");
	if (signature_verify(key, data, n, signature) < 0)
		return broken(error, 0, "the signature is not that of the key");
	return 0;
}

int manifest_lists_decode(const void *data, size_t n, const struct signature_key *key,
	const void *signature, size_t n_signature, struct manifest **list, size_t lists,
	struct manifest_error *error)
{
	struct collector c = { list, 0 };
	struct manifest_parser *p = manifest_parser_new(add, &c);
	int r = new_lists(list, lists);

	*error = (struct manifest_error){ 0 };
	r = r < 0 || !p ? -ENOMEM : 0;
	if (r == 0 && key)
		r = check_signature(data, n, key, signature, n_signature, error);
	if (r == 0) {
		p->more = lists - 1;
		p->next = next;
		r = manifest_parser_feed(p, data, n, error);
	}
	if (r == 0)
		r = manifest_parser_finish(p, error);
	if (r == 0)
		next(manifest_parser_head(p), &c);
	else
		free_lists(list, lists);
	manifest_parser_free(p);
	return r;
}

int manifest_decode(const void *data, size_t n, const struct signature_key *key,
	const void *signature, size_t n_signature, struct manifest **manifest,
	struct manifest_error *error)
{
	return manifest_lists_decode(data, n, key, signature, n_signature, manifest, 1, error);
}

/* A file within the limit. */
static int slurp(int dir, const char *path, size_t limit, struct buf *buf)
{
	AUTO_CLOSE int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : buf_read(buf, fd, limit);
}

int manifest_lists_load(int dir, const char *path, const struct signature_key *key,
	struct manifest **list, size_t lists, struct manifest_error *error)
{
	AUTO_BUF struct buf data = { 0 }, signature = { 0 };
	AUTO_FREE char *name = NULL;
	int r;

	*error = (struct manifest_error){ 0 };
	r = slurp(dir, path, MANIFEST_FILE_MAX, &data);
	if (r == -EFBIG)
		return broken(error, 0, "the file is larger than the limit");
	if (r == 0 && key) {
		if (asprintf(&name, "%s" SIGNATURE_SUFFIX, path) < 0) {
			name = NULL;
			return -ENOMEM;
		}
		r = slurp(dir, name, SIGNATURE_BYTES, &signature);
		if (r == -ENOENT)
			return broken(error, 0, "there is no signature (" SIGNATURE_SUFFIX ")");
		if (r == -EFBIG)
			return broken(error, 0, "the signature is not 64 bytes long");
	}
	if (r < 0)
		return r;
	return manifest_lists_decode(
		data.data, data.size, key, signature.data, signature.size, list, lists, error);
}

int manifest_load(int dir, const char *path, const struct signature_key *key,
	struct manifest **manifest, struct manifest_error *error)
{
	return manifest_lists_load(dir, path, key, manifest, 1, error);
}
