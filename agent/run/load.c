/* What the share has: the current generation, its manifest, and the base that it is compared with.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/document.h"
#include "agent/run/deltas.h"
#include "agent/run/run.h"
#include "agent/share/trust.h"
#include "lib/boot-record.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/paths.h"
#include "lib/publish.h"

#define RECORD_VALUE 256

/* --- the share --- */

/* A fault of the share itself, unlike one of the network, is not worth another try. */
static enum agent_status unreachable(const struct run *run, int r, const char *what)
{
	const char *fault = share_reader_fault(r), *source = run->options->source;

	if (fault)
		cli_error(0, "the share %s is refused: %s is %s; nothing was changed", source, what,
			fault);
	else
		cli_error(r, "the share %s cannot be read (%s); nothing was changed", source, what);
	return fault ? AGENT_REFUSED : AGENT_UNREACHABLE;
}

enum agent_status run_open_share(const struct run *run)
{
	char path[PATH_MAX];
	int r = share_reader_open(run->reader);

	if (r == -ENODEV)
		cli_error(0, "no share: give --source, or source= in %s",
			run_path(run->options->root, AGENT_CONFIG_PATH, path));
	if (r == -ENODEV || r == -EINVAL)
		return AGENT_USAGE;
	if (r < 0)
		cli_error(r, "the share %s cannot be opened; nothing was changed",
			run->options->source);
	return r < 0 ? AGENT_UNREACHABLE : AGENT_DONE;
}

/* What xfgen= says, by the record that xf-init leaves of the boot. */
struct selected {
	uint32_t pin;               /* 0: none */
	char current[RECORD_VALUE]; /* otherwise: where the channel's generation is */
};

uint32_t run_pin(const char *record)
{
	static const char pinned[] = PATH_SHARE "/gen/";
	char tree[RECORD_VALUE];

	if (!boot_record_get(record, "tree", tree, sizeof(tree)) ||
		strncmp(tree, pinned, strlen(pinned)) != 0)
		return 0;
	return (uint32_t)strtoul(tree + strlen(pinned), NULL, 10);
}

static struct selected selected(void)
{
	AUTO_BUF struct buf text = { 0 };
	struct selected s = { 0, "current" };
	char channel[RECORD_VALUE];

	if (boot_record_read(AT_FDCWD, PATH_RUN_RECORD, &text) < 0)
		return s;
	boot_record_get(text.data, "channel", channel, sizeof(channel));
	s.pin = run_pin(text.data);
	if (!s.pin && *channel && strcmp(channel, PATH_LIVE) != 0)
		snprintf(s.current, sizeof(s.current), PATH_CHANNELS "/%.64s/current", channel);
	return s;
}

static enum agent_status read_current(const struct run *run, const char *path, uint32_t *generation)
{
	AUTO_BUF struct buf text = { 0 };
	unsigned long number;
	char *end;
	int r = share_reader_read(run->reader, path, 64, &text);

	buf_add(&text, "", 1);
	if (r < 0 || text.failed)
		return unreachable(run, r, path);
	number = strtoul(text.data, &end, 10);
	if (number == 0 || number > UINT32_MAX || (*end && *end != '\n')) {
		cli_error(0, "%s is not a share: its file %s has no generation number",
			run->options->source, path);
		return AGENT_REFUSED;
	}
	*generation = (uint32_t)number;
	return AGENT_DONE;
}

enum agent_status run_current(const struct run *run, struct run_inputs *in)
{
	const struct selected now = selected();
	enum agent_status status = run_open_share(run);

	if (status)
		return status;
	in->generation = run->options->generation ? run->options->generation : now.pin;
	in->pinned = !run->options->generation && now.pin;
	if (!in->generation)
		status = read_current(run, now.current, &in->generation);
	if (status)
		return status;
	in->current = in->generation;
	document_set("current", json_object_new_int64(in->generation));
	return AGENT_DONE;
}

int run_open_tree(const struct run *run, uint32_t generation, char path[static PATH_MAX])
{
	const char *source = run->options->source;
	int fd;

	if (!source || share_reader_is_remote(source))
		source = PATH_SHARE;
	snprintf(path, PATH_MAX, "%s/gen/%u", source, generation);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* --- manifests --- */

static enum agent_status refuse_manifest(
	uint32_t generation, int r, const struct manifest_error *error)
{
	if (error->rule && error->line)
		cli_error(0, "manifest of generation %u, line %lu: %s", generation, error->line,
			error->rule);
	else
		cli_error(error->rule ? 0 : r, "manifest of generation %u: %s", generation,
			error->rule ? error->rule : "cannot be used");
	return AGENT_REFUSED;
}

enum agent_status run_keep_fetched(
	const struct run *run, struct run_inputs *in, const char *name, const struct buf *data)
{
	int r = publish_file(run->state, name, 0644, data->data, data->size);

	if (r < 0) {
		cli_error(r, "%s in the state directory", name);
		return AGENT_FAILED;
	}
	in->fetched = name;
	return AGENT_DONE;
}

static enum agent_status fetch_manifest(
	const struct run *run, uint32_t generation, struct buf *data, struct buf *signature)
{
	char path[64];
	int r;

	snprintf(path, sizeof(path), "manifest/%u.mtree.gz", generation);
	r = share_reader_read(run->reader, path, MANIFEST_FILE_MAX, data);
	if (r == 0)
		r = share_reader_read(
			run->reader, strcat(path, SIGNATURE_SUFFIX), SIGNATURE_BYTES, signature);
	return r < 0 ? unreachable(run, r, path) : AGENT_DONE;
}

static enum agent_status load_new(const struct run *run, struct run_inputs *in)
{
	AUTO_BUF struct buf data = { 0 }, signature = { 0 };
	struct manifest_error error = { 0 };
	AUTO_TRUST struct trust trust = { 0 };
	enum agent_status status = run_open_share(run);
	int r;

	status = status ? status : trust_open(run->options, &trust);
	status = status ? status : fetch_manifest(run, in->generation, &data, &signature);
	if (status)
		return status;
	trust_follow(&trust, run->reader, &data, &signature);
	r = manifest_decode(
		data.data, data.size, trust.key, signature.data, signature.size, &in->new, &error);
	if (r < 0)
		return refuse_manifest(in->generation, r, &error);
	if (in->new->head.generation != in->generation) {
		cli_error(0, "the manifest names generation %u, not %u", in->new->head.generation,
			in->generation);
		return AGENT_REFUSED;
	}
	status = trust_keep(&trust, run, in->new->head.share);
	return status || run->lock < 0 ? status : run_keep_fetched(run, in, STATE_NEXT, &data);
}

static enum agent_status load_base(int state, struct manifest **base)
{
	struct manifest_error error = { 0 };
	int r = state_manifest(state, STATE_BASE, base, &error);

	if (r == 0)
		return AGENT_DONE;
	cli_error(error.rule ? 0 : r, STATE_BASE " in the state directory: %s",
		error.rule ? error.rule : "cannot be read");
	return AGENT_REFUSED;
}

/* Entries that are the same in new are not kept twice. */
static enum agent_status thin_base(struct run_inputs *in)
{
	struct manifest *thin = manifest_thin(in->base, in->new);

	if (!thin) {
		cli_error(-ENOMEM, "the base");
		return AGENT_FAILED;
	}
	manifest_free(in->base);
	in->base = thin;
	return AGENT_DONE;
}

/* A pin comes from the hypervisor, which controls the client anyway: it may be older. */
static enum agent_status guard(const struct run_inputs *in)
{
	const char *why = plan_guard(in->base, in->new, in->pinned);

	if (!why)
		return AGENT_DONE;
	cli_error(0, "generation %u is refused: %s; nothing was changed", in->generation, why);
	return AGENT_REFUSED;
}

/* From the state directory, by deltas, or from the share. */
static enum agent_status find_new(const struct run *run, struct run_inputs *in)
{
	enum agent_status status = deltas_follow(run, in);

	return status || in->new ? status : load_new(run, in);
}

enum agent_status run_load(const struct run *run, struct run_inputs *in)
{
	enum agent_status status = load_base(run->state, &in->base);

	status = status ? status : find_new(run, in);
	status = status ? status : thin_base(in);
	return status ? status : guard(in);
}
