#include "agent/run/deltas.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/share/trust.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

/* --- what the share has --- */

/* Each is a request or two: from so many on one large file is quicker. */
#define STEPS_MAX 32

/* Backwards: a delta says which one it comes from. */
struct way {
	const struct run *run;
	struct trust *trust;
	size_t left; /* of the limit, in bytes */
	struct manifest_delta step[STEPS_MAX];
	size_t n;
};

static int read_file(struct way *way, const char *path, struct buf *out)
{
	int r = share_reader_read(way->run->reader, path, way->left, out);

	/* No way that would be shorter. */
	if (r == -EFBIG)
		return -ENOENT;
	way->left -= r < 0 ? 0 : out->size;
	return r;
}

static int decode(
	struct way *way, uint32_t generation, const struct buf *data, const struct buf *signature)
{
	struct manifest_delta *delta = &way->step[way->n];
	struct manifest_error error;
	int r;

	trust_follow(way->trust, way->run->reader, data, signature);
	r = manifest_delta_decode(data->data, data->size, way->trust->key, signature->data,
		signature->size, delta, &error);
	if (r == 0)
		way->n++;
	if (r == 0 && (delta->to->head.generation != generation ||
			      delta->from->head.generation != delta->to->head.previous)) {
		error.rule = "it is not that of the generation";
		r = -EBADMSG;
	}
	if (r == -EBADMSG)
		run_inform(way->run->options,
			"The delta to generation %u is not used: %s. The manifest is read.",
			generation, error.rule);
	return r;
}

/* The delta to that generation. */
static int add_step(struct way *way, uint32_t generation)
{
	AUTO_BUF struct buf data = { 0 }, signature = { 0 };
	char path[64];
	int r;

	if (way->n == STEPS_MAX)
		return -ENOENT;
	snprintf(path, sizeof(path), "manifest/%u.delta.gz", generation);
	r = read_file(way, path, &data);
	if (r == 0)
		r = read_file(way, strcat(path, SIGNATURE_SUFFIX), &signature);
	return r < 0 ? r : decode(way, generation, &data, &signature);
}

static int find_way(struct way *way, uint32_t from, uint32_t to)
{
	int r = 0;

	for (uint32_t at = to; r == 0 && at != from;) {
		r = at > from ? add_step(way, at) : -ENOENT;
		if (r == 0)
			at = way->step[way->n - 1].from->head.generation;
	}
	return r;
}

/* The oldest one, and all others behind it. */
static int join(struct way *way, struct manifest_delta *delta)
{
	int r = 0;

	*delta = way->step[--way->n];
	while (r == 0 && way->n > 0) {
		r = manifest_delta_append(delta, &way->step[way->n - 1]);
		manifest_delta_free(&way->step[--way->n]);
	}
	if (r < 0)
		manifest_delta_free(delta);
	return r;
}

/*
 * The deltas that lead from a generation to a newer one, as one. Returns 0; -ENOENT: there is no
 * such way that is shorter than limit, in bytes; or another -errno, after a message if that is the
 * share's fault.
 */
static int read_way(const struct run *run, struct trust *trust, const struct manifest_head *from,
	uint32_t to, size_t limit, struct manifest_delta *delta)
{
	struct way way = { run, trust, .left = limit };
	int r = from->generation && from->generation < to ? find_way(&way, from->generation, to)
							  : -ENOENT;

	if (r == 0)
		r = join(&way, delta);
	while (way.n > 0)
		manifest_delta_free(&way.step[--way.n]);
	return r;
}

/* --- what is kept --- */

/* The manifest that is kept, as far as it was brought up to date. */
struct kept {
	size_t size;                 /* bytes of the file STATE_NEW */
	struct manifest *manifest;   /* NULL: there is none that can be used */
	struct manifest_delta delta; /* of STATE_DELTA, if it was applied */
};

static void kept_free(struct kept *kept)
{
	manifest_free(kept->manifest);
	manifest_delta_free(&kept->delta);
}

static int kept_read(int state, struct kept *kept)
{
	struct manifest_error error;
	struct stat st;
	int r = state < 0 ? -ENOENT
			  : state_read_manifest(state, STATE_NEW, &kept->manifest, &error);

	if (r == 0 && fstatat(state, STATE_NEW, &st, AT_SYMLINK_NOFOLLOW) == 0)
		kept->size = (size_t)st.st_size;
	return r;
}

/* One that begins elsewhere was left by a run before the last whole manifest came. */
static int kept_follow(int state, struct kept *kept)
{
	const struct manifest_head *head = &kept->manifest->head;
	struct manifest_error error;
	int r = state_delta(state, STATE_DELTA, &kept->delta, &error);

	if (r == 0 && kept->delta.from->head.generation != head->generation) {
		manifest_delta_free(&kept->delta);
		return 0;
	}
	return r == 0 ? manifest_delta_apply(&kept->delta, kept->manifest) : r == -ENOENT ? 0 : r;
}

/* What lies in the state directory; if it is damaged, that is as if there were none. */
static void kept_open(const struct run *run, uint32_t generation, struct kept *kept)
{
	int r = kept_read(run->state, kept);

	if (r == 0 && kept->manifest->head.generation != generation)
		r = kept_follow(run->state, kept);
	if (r < 0) {
		kept_free(kept);
		*kept = (struct kept){ 0 };
	}
}

/*
 * The next run follows one delta, from the manifest that is kept, less what was changed and changed
 * back. If that has become large, it is the manifest that is written.
 */
static int encode_kept(
	struct kept *kept, struct manifest_delta *delta, struct buf *out, const char **name)
{
	AUTO_MANIFEST_DELTA struct manifest_delta reduced = { 0 };
	struct manifest_error error;
	int r = 0;

	if (kept->delta.from)
		r = manifest_delta_append(&kept->delta, delta);
	else
		kept->delta = *delta, *delta = (struct manifest_delta){ 0 };
	if (r == 0)
		r = manifest_delta_make(kept->delta.from, kept->delta.to, &reduced);
	if (r == 0)
		r = manifest_delta_encode(&reduced, out, &error);
	*name = STATE_NEXT_DELTA;
	if (r == 0 && out->size <= kept->size / 4)
		return 0;
	*name = STATE_NEXT;
	out->size = 0;
	return manifest_encode(kept->manifest, out, &error);
}

static enum agent_status keep_followed(const struct run *run, struct run_inputs *in,
	struct kept *kept, struct manifest_delta *delta)
{
	AUTO_BUF struct buf data = { 0 };
	const char *name;
	int r = run->lock < 0 ? 0 : encode_kept(kept, delta, &data, &name);

	if (r < 0) {
		cli_error(r, "the manifest of generation %u", in->generation);
		return AGENT_FAILED;
	}
	return run->lock < 0 ? AGENT_DONE : run_keep_fetched(run, in, name, &data);
}

/*
 * From the manifest that is kept, where the deltas are shorter than a manifest. Sets in->new, or
 * leaves it: then the manifest is to be read.
 */
static enum agent_status follow(const struct run *run, struct run_inputs *in, struct kept *kept)
{
	AUTO_MANIFEST_DELTA struct manifest_delta delta = { 0 };
	AUTO_TRUST struct trust trust = { 0 };
	enum agent_status status = run_open_share(run);
	int r;

	status = status ? status : trust_open(run->options, &trust);
	if (status)
		return status;
	r = read_way(run, &trust, &kept->manifest->head, in->generation, kept->size, &delta);
	/* After this has failed, the list can only be freed. */
	if (r < 0 || manifest_delta_apply(&delta, kept->manifest) < 0)
		return AGENT_DONE;
	status = trust_keep(&trust, run, kept->manifest->head.share);
	status = status ? status : keep_followed(run, in, kept, &delta);
	in->new = kept->manifest;
	kept->manifest = NULL;
	return status;
}

enum agent_status deltas_follow(const struct run *run, struct run_inputs *in)
{
	struct kept kept = { 0 };
	enum agent_status status = AGENT_DONE;
	bool applied = in->generation == run->status.generation;

	kept_open(run, in->generation, &kept);
	if (kept.manifest && applied && kept.manifest->head.generation == in->generation) {
		in->new = kept.manifest;
		kept.manifest = NULL;
	} else if (kept.manifest) {
		status = follow(run, in, &kept);
	}
	kept_free(&kept);
	return status;
}
