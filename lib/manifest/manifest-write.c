#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "lib/cleanup.h"
#include "lib/hex.h"
#include "lib/manifest/manifest-line.h"
#include "lib/manifest/manifest-lists.h"
#include "lib/publish.h"
#include "lib/rfc3339.h"
#include "lib/vis.h"

/*
 * Digests, most of a manifest, are incompressible beyond their hexadecimal form, which the lowest
 * level finds as well as the highest.
 */
#define LEVEL 1

#define TEXT_CHUNK (64 * 1024)

struct writer {
	z_stream deflate;
	struct buf *out;
	struct buf text;
	struct buf copy;
	unsigned long before; /* lines of the lists before this one */
	struct manifest_lines lines;
};

static size_t count(const struct manifest *m)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += m->entry[i]->type != MANIFEST_SOCKET;
	return n;
}

static void put_hex(struct buf *out, const char *keyword, const uint8_t *bytes, size_t n)
{
	char *to;

	buf_puts(out, keyword);
	to = buf_room(out, HEX_SIZE(n));
	if (to) {
		hex_text(to, bytes, n);
		out->size += 2 * n;
	}
}

static void put_head(struct buf *out, const struct manifest *m)
{
	const struct manifest_head *head = &m->head;
	char published[RFC3339_SIZE];

	buf_puts(out, "# xenfarm: ");
	if (head->generation) {
		buf_printf(out, "generation=%u share=%s ", head->generation, head->share);
		if (head->previous)
			buf_printf(out, "previous=%u ", head->previous);
		if (head->restores)
			buf_printf(out, "restores=%u ", head->restores);
		buf_printf(out, "published=%s ", rfc3339_text(published, head->published));
		if (head->layout.has & DIGEST_SHA256) {
			put_hex(out, "layout=", head->layout.sha256, sizeof(head->layout.sha256));
			buf_puts(out, " ");
		}
	}
	buf_printf(out, "entries=%zu\n", count(m));
}

static void put_name(struct buf *out, const char *keyword, const char *text)
{
	if (!text)
		return;
	buf_puts(out, keyword);
	vis_encode(out, text, strlen(text));
}

static void put_xattr(struct buf *out, const struct manifest_xattr *x)
{
	char *to;

	buf_puts(out, "xattr.");
	vis_encode(out, x->name, strlen(x->name));
	buf_puts(out, "=");
	to = buf_room(out, x->size / 3 * 4 + 5);
	if (to)
		out->size += (size_t)EVP_EncodeBlock((unsigned char *)to, x->value, (int)x->size);
}

static void put_tags(struct buf *out, const struct manifest_entry *e)
{
	const char *separator = " tags=";

	if (e->group) {
		buf_printf(out, "%shardlink.%u", separator, e->group);
		separator = ",";
	}
	for (uint32_t i = 0; i < e->nxattrs; i++) {
		buf_puts(out, separator);
		put_xattr(out, &e->xattr[i]);
		separator = ",";
	}
}

static void put_entry(struct buf *out, const struct manifest_entry *e)
{
	put_name(out, *e->path ? "./" : ".", e->path);
	buf_printf(out, " type=%s mode=%04o uid=%u gid=%u", manifest_type_name(e->type), e->mode,
		e->uid, e->gid);
	put_name(out, " uname=", e->uname);
	put_name(out, " gname=", e->gname);
	buf_printf(out, " time=%jd.%09ld", (intmax_t)e->mtime.tv_sec, e->mtime.tv_nsec);
	if (e->type == MANIFEST_FILE)
		buf_printf(out, " size=%ju", (uintmax_t)e->size);
	if (e->group)
		buf_printf(out, " nlink=%u", e->nlink);
	put_name(out, " link=", e->link);
	if (e->type == MANIFEST_CHAR || e->type == MANIFEST_BLOCK)
		buf_printf(out, " device=native,%u,%u", e->major, e->minor);
	if (e->digest.has & DIGEST_SHA256)
		put_hex(out, " sha256digest=", e->digest.sha256, sizeof(e->digest.sha256));
	if (e->digest.has & DIGEST_MD5)
		put_hex(out, " md5digest=", e->digest.md5, sizeof(e->digest.md5));
	put_tags(out, e);
	buf_puts(out, "\n");
}

static int compress_text(struct writer *w, int flush)
{
	z_stream *z = &w->deflate;
	int status;

	z->next_in = (unsigned char *)w->text.data;
	z->avail_in = (uInt)w->text.size;
	do {
		size_t room = TEXT_CHUNK;

		z->next_out = (unsigned char *)buf_room(w->out, room);
		if (!z->next_out)
			return -ENOMEM;
		z->avail_out = (uInt)room;
		status = deflate(z, flush);
		w->out->size += room - z->avail_out;
	} while (z->avail_out == 0 || (flush == Z_FINISH && status == Z_OK));
	w->text.size = 0;
	return 0;
}

/* The line in text from start on, by the reader's own rules; a copy, as it overwrites what it
 * reads. */
static int judge(struct writer *w, size_t start, struct manifest_error *error)
{
	if (w->text.failed)
		return -ENOMEM;
	w->copy.size = 0;
	buf_add(&w->copy, w->text.data + start, w->text.size - start);
	if (w->copy.failed)
		return -ENOMEM;
	if (w->copy.size > MANIFEST_LINE_MAX)
		error->rule = "the line is too long";
	else
		error->rule = manifest_line(&w->lines, w->copy.data, w->copy.size - 1);
	error->line = w->before + w->lines.line;
	return error->rule ? -EBADMSG : 0;
}

/* What was put into text from start on goes the way of the reader, then into the compressor. */
static int commit(struct writer *w, size_t start, struct manifest_error *error)
{
	int r = judge(w, start, error);

	return r == 0 && w->text.size > TEXT_CHUNK ? compress_text(w, Z_NO_FLUSH) : r;
}

static int write_list(struct writer *w, const struct manifest *m, struct manifest_error *error)
{
	size_t start = w->text.size;
	int r;

	buf_puts(&w->text, "#mtree v2.0\n");
	r = commit(w, start, error);
	if (r == 0) {
		start = w->text.size;
		put_head(&w->text, m);
		r = commit(w, start, error);
	}
	for (size_t i = 0; r == 0 && i < m->n; i++) {
		start = w->text.size;
		if (m->entry[i]->type == MANIFEST_SOCKET)
			continue;
		put_entry(&w->text, m->entry[i]);
		r = commit(w, start, error);
		if (r == 0 && (m->entry[i]->error || m->entry[i]->unread)) {
			error->rule = "the entry was not read";
			r = -EBADMSG;
		}
		if (r < 0)
			error->entry = m->entry[i];
	}
	if (r < 0)
		return r;
	error->rule = manifest_lines_end(&w->lines);
	return error->rule ? -EBADMSG : 0;
}

static int write_all(struct writer *w, const struct manifest *const *list, size_t lists,
	struct manifest_error *error)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < lists; i++) {
		w->before += w->lines.line;
		manifest_lines_free(&w->lines);
		memset(&w->lines, 0, sizeof(w->lines));
		r = write_list(w, list[i], error);
	}
	return r == 0 ? compress_text(w, Z_FINISH) : r;
}

int manifest_lists_encode(const struct manifest *const *list, size_t lists, struct buf *out,
	struct manifest_error *error)
{
	/* gzip's own header fields stay empty, so that the same list gives the same bytes. */
	gz_header header = { .os = 255 };
	struct writer *w = calloc(1, sizeof(*w));
	int r = -ENOMEM;

	*error = (struct manifest_error){ 0 };
	if (!w)
		return r;
	w->out = out;
	if (deflateInit2(&w->deflate, LEVEL, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) ==
		Z_OK) {
		deflateSetHeader(&w->deflate, &header);
		r = write_all(w, list, lists, error);
		deflateEnd(&w->deflate);
	}
	if (r == 0 && out->size > MANIFEST_FILE_MAX) {
		*error = (struct manifest_error){ .rule = "the file is larger than the limit" };
		r = -EBADMSG;
	}
	manifest_lines_free(&w->lines);
	buf_free(&w->text);
	buf_free(&w->copy);
	free(w);
	return r;
}

int manifest_encode(const struct manifest *m, struct buf *out, struct manifest_error *error)
{
	return manifest_lists_encode(&m, 1, out, error);
}

int manifest_sign(
	int dir, const char *path, const struct buf *encoded, const struct signature_key *key)
{
	uint8_t signature[SIGNATURE_BYTES];
	AUTO_FREE char *name = NULL;
	int r = signature_sign(key, encoded->data, encoded->size, signature);

	if (r < 0)
		return r;
	if (asprintf(&name, "%s" SIGNATURE_SUFFIX, path) < 0) {
		name = NULL;
		return -ENOMEM;
	}
	return publish_file(dir, name, 0644, signature, sizeof(signature));
}

int manifest_publish(
	int dir, const char *path, const struct buf *encoded, const struct signature_key *key)
{
	int r = key ? manifest_sign(dir, path, encoded, key) : 0;

	return r < 0 ? r : publish_file(dir, path, 0644, encoded->data, encoded->size);
}
