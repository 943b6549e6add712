#include "farm/share/verify.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/layout.h"
#include "lib/treescan.h"

struct comparison {
	struct layout layout;
	verify_differs_fn *differs;
	void *arg;
	struct treelist base_tree;
	struct manifest *base; /* or NULL */
};

bool verify_known(const struct treelist *tree, const struct manifest *manifest, const char *path,
	const struct statcache_key *key, struct digest *digest)
{
	const struct treelist_entry *old = treelist_find(tree, path, strlen(path));
	const struct manifest_entry *e;

	if (!old || old->ino != key->ino || old->dev != key->dev)
		return false;
	e = manifest_find(manifest, path);
	if (!e || e->type != MANIFEST_FILE)
		return false;
	*digest = e->digest;
	return true;
}

static bool known(
	const char *path, const struct statcache_key *key, struct digest *digest, void *arg)
{
	const struct comparison *c = arg;

	return verify_known(&c->base_tree, c->base, path, key, digest);
}

static bool leave_out(const char *path, enum manifest_type type, void *arg)
{
	const struct comparison *c = arg;

	(void)type;
	return layout_has_nothing_writeable(&c->layout, path);
}

static const char *in_what(unsigned int bits)
{
	static const char *const name[] = { "type", "content", "mode", "owner", "attributes",
		"time" };
	size_t i = 0;

	while (i + 1 < ARRAY_SIZE(name) && !(bits & 1u << i))
		i++;
	return name[i];
}

static int compare(const struct manifest_entry *said, const struct manifest_entry *is, void *arg)
{
	const struct comparison *c = arg;
	char how[64];
	unsigned int bits;

	if (is && is->error)
		snprintf(how, sizeof(how), "cannot be read: %s", strerror(is->error));
	else if (!said || !is)
		snprintf(how, sizeof(how), "%s", said ? "is missing" : "is not in the manifest");
	else if ((bits = manifest_compare(said, is)) != 0)
		snprintf(how, sizeof(how), "differs from the manifest in %s", in_what(bits));
	else
		return 0;
	c->differs(said ? said->path : is->path, how, c->arg);
	return 0;
}

static int scan(struct comparison *c, int tree, struct manifest **is)
{
	const struct treescan_options options = { .digests = DIGEST_SHA256 | DIGEST_MD5,
		.arg = c,
		.exclude = leave_out,
		.known = c->base ? known : NULL };
	unsigned long errors;

	return treescan(tree, &options, is, &errors);
}

/* --- the delta --- */

static bool is_same(const struct manifest_entry *a, const struct manifest_entry *b)
{
	return a && b ? manifest_identical(a, b) && a->nlink == b->nlink : a == b;
}

static int compare_same(const struct manifest_entry *a, const struct manifest_entry *b, void *arg)
{
	(void)arg;
	return is_same(a, b) ? 0 : -ESTALE;
}

static int compare_found(
	const struct manifest_entry *from, const struct manifest_entry *to, void *arg)
{
	return is_same(to, manifest_find(arg, from ? from->path : to->path)) ? 0 : -ESTALE;
}

/* Does it lead to the manifest, from the previous one if the share still has that? */
static int check_delta(const struct share_store *share, const struct manifest_delta *delta,
	const struct signature_key *key, struct manifest *said)
{
	const struct manifest_head *head = &said->head;
	AUTO_MANIFEST struct manifest *previous = NULL;
	struct manifest_error error;
	int r;

	if (delta->from->head.generation != head->previous ||
		delta->to->head.published != head->published)
		return -ESTALE;
	r = manifest_load(share->dir, share_name("manifest", head->previous, ".mtree.gz").text, key,
		&previous, &error);
	if (r < 0)
		return r == -ENOMEM ? r
				    : manifest_join(delta->from, delta->to, compare_found, said);
	r = manifest_delta_apply(delta, previous);
	return r < 0 ? r : manifest_join(previous, said, compare_same, NULL);
}

static int verify_delta(
	const struct share_store *share, const struct signature_key *key, struct manifest *said)
{
	uint32_t generation = said->head.generation;
	AUTO_MANIFEST_DELTA struct manifest_delta delta = { 0 };
	int r = share_delta(share, generation, key, &delta);

	/* Generations of earlier versions have none, nor has one that it would not be shorter than.
	 */
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = check_delta(share, &delta, key, said);
	return r == -ESTALE ? -cli_error(EBADMSG,
				      "%s/manifest/%u.delta.gz does not lead from generation %u to "
				      "the manifest of generation %u",
				      share->path, generation, said->head.previous, generation)
	       : r < 0      ? cli_error(r, "the delta to generation %u", generation)
			    : 0;
}

static int verify(const struct share_store *share, uint32_t generation, int tree,
	const struct signature_key *key, struct comparison *c)
{
	AUTO_MANIFEST struct manifest *said = NULL, *is = NULL;
	AUTO_BUF struct buf layout = { 0 };
	int r = share_layout_text(share, generation, &layout);

	if (r == 0)
		r = share_parse_layout(
			share_name("manifest", generation, ".layout").text, &layout, &c->layout);
	if (r == 0)
		r = share_manifest(share, generation, key, &said);
	if (r == 0)
		r = share_check_layout(share, &said->head, &layout);
	if (r == 0)
		r = verify_delta(share, key, said);
	if (r < 0)
		return r;
	r = scan(c, tree, &is);
	return r < 0 ? cli_error(r, "generation %u", generation)
		     : manifest_join(said, is, compare, c);
}

int verify_tree(const struct share_store *share, uint32_t generation, int tree, uint32_t base,
	const struct signature_key *key, verify_differs_fn *differs, void *arg)
{
	struct comparison c = { .differs = differs, .arg = arg };
	int r = base ? share_read_generation(share, base, &c.base_tree) : 0;

	if (r == 0 && base)
		r = share_manifest(share, base, key, &c.base);
	if (r == 0)
		r = verify(share, generation, tree, key, &c);
	treelist_free(&c.base_tree);
	manifest_free(c.base);
	return r;
}
