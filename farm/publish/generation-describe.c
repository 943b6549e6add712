/* The files of a generation in manifest/: manifest and delta, signed; layout and note. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "farm/output.h"
#include "farm/publish/generation.h"
#include "farm/share/treelist.h"
#include "farm/share/verify.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/digest.h"
#include "lib/layout.h"
#include "lib/manifest/manifest-delta.h"
#include "lib/treescan.h"
#include "lib/vis.h"

struct describer {
	struct generation *g;
	struct layout layout;
	struct manifest *previous; /* or NULL */
	size_t next;               /* of the generation's tree */
};

static struct stat stat_of(const struct treelist_entry *e)
{
	return (struct stat){
		.st_dev = e->dev,
		.st_rdev = e->rdev,
		.st_ino = e->ino,
		.st_mode = e->mode,
		.st_uid = e->uid,
		.st_gid = e->gid,
		.st_size = (off_t)e->size,
		.st_mtim = e->mtime,
		.st_ctim = e->ctime,
	};
}

/* The next entry of the writeable part. */
static bool walked(const char **path, struct stat *st, void *arg)
{
	struct describer *d = arg;
	const struct treelist *tree = &d->g->tree;

	while (d->next < tree->n) {
		const struct treelist_entry *e = &tree->entry[d->next++];

		if (*e->path && layout_has_nothing_writeable(&d->layout, e->path))
			continue;
		*path = e->path;
		*st = stat_of(e);
		return true;
	}
	return false;
}

/* A file that is a hard link into the previous generation has the digests of that. */
static bool known(
	const char *path, const struct statcache_key *key, struct digest *digest, void *arg)
{
	const struct describer *d = arg;

	return verify_known(&d->g->previous_tree, d->previous, path, key, digest);
}

static void progress(uint64_t files, uint64_t bytes, void *arg)
{
	(void)arg;
	output_progress("read", files, bytes);
}

/* Without it, or if its signature is not of our key, all files are read, and there is no delta. */
static void load_previous(const struct generation *g, struct manifest **previous)
{
	struct manifest_error error;

	if (g->previous &&
		manifest_load(g->share->dir, share_name("manifest", g->previous, ".mtree.gz").text,
			g->key, previous, &error) < 0)
		cli_error(0,
			"the manifest of generation %u cannot be used: reading all files; see "
			"`xenfarm share verify %u`",
			g->previous, g->previous);
}

static int tell_errors(const struct manifest *m)
{
	for (size_t i = 0; i < m->n; i++) {
		AUTO_FREE char *path = vis_string(m->entry[i]->path);

		if (m->entry[i]->error)
			cli_error(-m->entry[i]->error, "%s", path ? path : "?");
	}
	return -cli_error(EIO, "nothing was published: some files could not be read");
}

/* From the previous manifest to m. One that is not shorter than the manifest saves nothing. */
static int write_delta(const struct generation *g, const struct manifest *previous,
	const struct manifest *m, size_t limit)
{
	const struct share_name name = share_name("manifest", g->number, ".delta.gz");
	AUTO_MANIFEST_DELTA struct manifest_delta delta = { 0 };
	AUTO_BUF struct buf encoded = { 0 };
	struct manifest_error error = { 0 };
	int r = manifest_delta_make(previous, m, &delta);

	if (r == 0)
		r = manifest_delta_encode(&delta, &encoded, &error);
	if (r == 0 && encoded.size < limit)
		r = manifest_publish(g->share->dir, name.text, &encoded, g->key);
	return r < 0 ? cli_error(r, "%s/%s%s%s", g->share->path, name.text, error.rule ? ": " : "",
			       error.rule ? error.rule : "")
		     : 0;
}

/* previous, or NULL. */
static int write_manifest(struct generation *g, const struct manifest *previous, struct manifest *m)
{
	const struct share_name name = share_name("manifest", g->number, ".mtree.gz");
	AUTO_BUF struct buf encoded = { 0 };
	struct manifest_error error;
	int r;

	m->head = (struct manifest_head){ .generation = g->number,
		.previous = g->previous,
		.restores = g->restores,
		.published = g->published };
	memcpy(m->head.share, g->share->uuid, sizeof(m->head.share));
	output_progress("sign", 0, 0);
	r = digest_bytes(g->layout.data, g->layout.size, DIGEST_SHA256, &m->head.layout);
	if (r == 0)
		r = manifest_encode(m, &encoded, &error);
	if (r == -EBADMSG)
		return -cli_error(EINVAL, "nothing was published: manifest, line %lu: %s",
			error.line, error.rule);
	if (r == 0)
		r = manifest_publish(g->share->dir, name.text, &encoded, g->key);
	g->entries = m->n;
	if (r < 0)
		return cli_error(r, "%s/%s", g->share->path, name.text);
	return previous ? write_delta(g, previous, m, encoded.size) : 0;
}

static int write_texts(const struct generation *g)
{
	const char *note = g->options->note;
	int r = share_write(g->share, share_name("manifest", g->number, ".layout").text,
		g->layout.data, g->layout.size);

	if (r == 0 && note)
		r = share_write(g->share, share_name("manifest", g->number, ".note").text, note,
			strlen(note));
	return r;
}

static int scan(struct describer *d)
{
	AUTO_MANIFEST struct manifest *m = NULL;
	struct treescan_options options = {
		.digests = DIGEST_SHA256 | DIGEST_MD5,
		.arg = d,
		.walked = walked,
		.known = d->previous ? known : NULL,
		.progress = progress,
	};
	unsigned long errors;
	int r;

	output_progress("read", 0, 0);
	r = treescan(d->g->dir, &options, &m, &errors);

	if (r < 0)
		return cli_error(r, "reading generation %u", d->g->number);
	return errors ? tell_errors(m) : write_manifest(d->g, d->previous, m);
}

int generation_describe(struct generation *g)
{
	struct describer d = { .g = g };
	int r = share_parse_layout("layout", &g->layout, &d.layout);

	if (r == 0)
		load_previous(g, &d.previous);
	if (r == 0)
		r = scan(&d);
	manifest_free(d.previous);
	return r == 0 ? write_texts(g) : r;
}

int generation_describe_again(struct generation *g)
{
	AUTO_MANIFEST struct manifest *m = NULL, *previous = NULL;
	int r = share_manifest(g->share, g->restores, g->key, &m);

	if (r == 0)
		r = share_check_layout(g->share, &m->head, &g->layout);
	if (r == 0)
		load_previous(g, &previous);
	if (r == 0)
		r = write_manifest(g, previous, m);
	return r == 0 ? write_texts(g) : r;
}
