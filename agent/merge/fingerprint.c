#include "agent/merge/fingerprint.h"

#include <string.h>

static int add_entry(struct digester *d, const struct manifest_entry *e, const char *rest)
{
	uint32_t kind[3] = { e->type, e->major, e->minor };
	int r = digester_add(d, rest, strlen(rest) + 1);

	r = r < 0 ? r : digester_add(d, kind, sizeof(kind));
	if (r == 0 && e->type == MANIFEST_FILE)
		r = digester_add(d, e->digest.sha256, 32);
	if (r == 0 && e->type == MANIFEST_LINK)
		r = digester_add(d, e->link, strlen(e->link) + 1);
	return r;
}

static int digest_tree(struct digester *d, const struct manifest *m, const struct manifest_entry *e,
	struct digest *digest)
{
	size_t size = strlen(e->path), from, to;
	int r = digester_begin(d);

	r = r < 0 ? r : add_entry(d, e, "");
	manifest_below(m, e->path, &from, &to);
	for (size_t i = from; r == 0 && e->type == MANIFEST_DIR && size && i < to; i++)
		r = add_entry(d, m->entry[i], m->entry[i]->path + size);
	return r < 0 ? r : digester_end(d, digest);
}

int fingerprint_of(const struct manifest *m, const char *path, struct fingerprint *print)
{
	const struct manifest_entry *e = m ? manifest_find(m, path) : NULL;
	struct digester *d;
	struct digest digest;
	int r;

	*print = (struct fingerprint){ 0 };
	if (!e)
		return 0;
	r = digester_new(DIGEST_SHA256, &d);
	if (r < 0)
		return r;
	r = digest_tree(d, m, e, &digest);
	digester_free(d);
	if (r == 0)
		memcpy(print->byte, digest.sha256, 32);
	return r;
}

bool fingerprint_same(const struct fingerprint *a, const struct fingerprint *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool fingerprint_absent(const struct fingerprint *print)
{
	static const struct fingerprint none;

	return fingerprint_same(print, &none);
}
