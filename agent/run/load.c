/* The first half of a run: what the share has, what is here, and what follows from that. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent-config.h"
#include "agent/document.h"
#include "agent/merge/account-entries.h"
#include "agent/merge/offers.h"
#include "agent/run/agent.h"
#include "agent/run/mounts.h"
#include "agent/share/trust.h"
#include "agent/transaction/volume.h"
#include "kernel-cmdline/xfnet.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"
#include "lib/paths.h"
#include "lib/publish.h"
#include "lib/treescan.h"

/* --- the share --- */

/* A share that is there, and wrong, is no matter of the network: not to be tried again. */
static int unreachable(const struct agent *a, int r, const char *what)
{
	const char *fault = share_reader_fault(r);

	if (fault)
		cli_error(0, "the share %s is refused: %s is %s; nothing was changed",
			a->options->source, what, fault);
	else
		cli_error(r, "the share %s cannot be read (%s); nothing was changed",
			a->options->source, what);
	return fault ? EXIT_REFUSED : EXIT_UNREACHABLE;
}

int agent_try_share(struct agent *a)
{
	if (a->reader || a->reader_error)
		return a->reader_error;
	a->reader_error =
		a->options->source ? share_reader_open(a->options->source, &a->reader) : -ENODEV;
	return a->reader_error;
}

int agent_open_share(struct agent *a)
{
	char path[PATH_MAX];
	int r = agent_try_share(a);

	if (!a->options->source)
		cli_error(0, "no share: give --source, or source= in %s",
			agent_path(a->options, AGENT_CONFIG_PATH, path));
	if (!a->options->source || r == -EINVAL)
		return EXIT_USAGE;
	if (r < 0)
		cli_error(r, "the share %s cannot be opened; nothing was changed",
			a->options->source);
	return r < 0 ? EXIT_UNREACHABLE : 0;
}

/*
 * xfgen=N of the kernel's command line pins this client; 0: it does not. /run/xenfarm/boot cannot
 * be asked: xf-init runs us before it writes that, and one that is older may have booted this
 * client.
 */
static uint32_t pinned(void)
{
	AUTO_CLOSE int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	AUTO_BUF struct buf text = { 0 };
	struct xf_problems problems = { 0 };
	AUTO_FREE struct xf_cmdline *cmdline = calloc(1, sizeof(*cmdline));

	if (!cmdline || fd < 0 || buf_read(&text, fd, 65536) < 0)
		return 0;
	xf_cmdline_parse(text.data, text.size, cmdline, &problems);
	return cmdline->generation;
}

static int read_current(struct agent *a)
{
	AUTO_BUF struct buf text = { 0 };
	unsigned long number;
	char *end;
	int r = agent_open_share(a);

	if (r)
		return r;
	a->generation = pinned();
	a->pinned = a->generation != 0;
	if (a->pinned)
		return 0;
	r = share_reader_read(a->reader, "current", 64, &text);
	buf_add(&text, "", 1);
	if (r < 0 || text.failed)
		return unreachable(a, r, "current");
	number = strtoul(text.data, &end, 10);
	if (number == 0 || number > UINT32_MAX || (*end && *end != '\n')) {
		cli_error(0, "%s: current holds no generation's number: is this a share?",
			a->options->source);
		return EXIT_REFUSED;
	}
	a->generation = (uint32_t)number;
	return 0;
}

int agent_current(struct agent *a)
{
	int r = read_current(a);

	if (r == 0)
		document_set("current", json_object_new_int64(a->generation));
	return r;
}

static int refuse_manifest(const struct agent *a, int r, const struct manifest_error *error)
{
	if (error->rule && error->line)
		cli_error(0, "manifest of generation %u, line %lu: %s", a->generation, error->line,
			error->rule);
	else
		cli_error(error->rule ? 0 : r, "manifest of generation %u: %s", a->generation,
			error->rule ? error->rule : "cannot be used");
	return EXIT_REFUSED;
}

/* As the share has it, for the next runs. */
static int keep_fetched(struct agent *a, const struct buf *data)
{
	int r = publish_file(a->state, STATE_NEXT, 0644, data->data, data->size);

	if (r < 0) {
		cli_error(r, "%s in the state directory", STATE_NEXT);
		return EXIT_UNDONE;
	}
	a->fetched = true;
	return 0;
}

static int fetch_manifest(struct agent *a)
{
	AUTO_BUF struct buf data = { 0 }, signature = { 0 };
	struct manifest_error error = { 0 };
	AUTO_TRUST struct trust trust = { 0 };
	char path[64];
	int r = agent_open_share(a);

	r = r ? r : trust_open(a, &trust);
	if (r)
		return r;
	snprintf(path, sizeof(path), "manifest/%u.mtree.gz", a->generation);
	r = share_reader_read(a->reader, path, MANIFEST_FILE_MAX, &data);
	if (r == 0)
		r = share_reader_read(
			a->reader, strcat(path, SIGNATURE_SUFFIX), SIGNATURE_BYTES, &signature);
	if (r < 0)
		return unreachable(a, r, path);
	trust_follow(a, &trust, &data, &signature);
	r = manifest_decode(
		data.data, data.size, trust.key, signature.data, signature.size, &a->new, &error);
	if (r < 0)
		return refuse_manifest(a, r, &error);
	if (a->new->head.generation != a->generation) {
		cli_error(0, "the manifest is that of generation %u, not of %u",
			a->new->head.generation, a->generation);
		return EXIT_REFUSED;
	}
	r = trust_keep(a, &trust);
	return r || a->lock < 0 ? r : keep_fetched(a, &data);
}

static int load_kept(struct agent *a, const char *name, struct manifest **manifest)
{
	struct manifest_error error = { 0 };
	int r = state_manifest(a->state, name, manifest, &error);

	if (r == 0)
		return 0;
	cli_error(error.rule ? 0 : r, "%s in the state directory: %s", name,
		error.rule ? error.rule : "cannot be read");
	return EXIT_REFUSED;
}

/* Most of it is the same. */
static int thin_base(struct agent *a)
{
	struct manifest *thin = manifest_thin(a->base, a->new);

	if (!thin) {
		cli_error(-ENOMEM, "the base");
		return EXIT_UNDONE;
	}
	manifest_free(a->base);
	a->base = thin;
	return 0;
}

int agent_load(struct agent *a)
{
	const char *why;
	int r = load_kept(a, STATE_BASE, &a->base);

	if (r)
		return r;
	if (a->generation == a->status.generation)
		r = load_kept(a, STATE_NEW, &a->new);
	/* Not there, or of a run that was cut off. */
	if (r == 0 && (!a->new || a->new->head.generation != a->generation)) {
		manifest_free(a->new);
		a->new = NULL;
		r = fetch_manifest(a);
	}
	if (r)
		return r;
	r = thin_base(a);
	if (r)
		return r;
	/* The command line is the hypervisor's word: who may write it need not replay anything. */
	why = plan_guard(a->base, a->new, a->pinned);
	if (why) {
		cli_error(
			0, "generation %u is refused: %s; nothing was changed", a->generation, why);
		return EXIT_REFUSED;
	}
	return 0;
}

/* --- what is here --- */

/* What the agent has for itself is never looked at: the state directory's place, and volumes' own.
 */
static bool is_state(const char *path, enum manifest_type type, void *arg)
{
	(void)arg;
	return strcmp(path, PATH_STATE) == 0 || volume_is_private(path, type);
}

static int may_enter(const char *path, bool mounted, void *arg)
{
	const struct agent *a = arg;

	return mounts_enter(a->mounts, path, mounted);
}

/* Has the list a path below this one? */
static bool leads_to_some(const struct manifest *m, const char *path)
{
	size_t from, to;

	manifest_below(m, path, &from, &to);
	return from < to;
}

/* Is there an offer below this path? */
static bool holds_offer(const struct agent *a, const char *path)
{
	size_t n = strlen(path);

	for (size_t i = 0; i < a->conflicts.n; i++)
		if (strncmp(a->conflicts.conflict[i].place, path, n) == 0 &&
			a->conflicts.conflict[i].place[n] == '/')
			return true;
	return false;
}

/* Strangers are only names, and so are the files that no policy lets us touch. */
static bool is_unmanaged(const char *path, enum manifest_type type, void *arg)
{
	const struct agent *a = arg;

	size_t n = a->whole ? strlen(a->whole) : 0;

	if (n && strncmp(path, a->whole, n) == 0 && (path[n] == '/' || path[n] == '\0'))
		return false;
	if (manifest_find(a->base, path) || (a->new &&manifest_find(a->new, path)))
		return type == MANIFEST_FILE &&
		       policies_find(a->policies, path, false) == POLICY_IGNORE;
	/* The lists of a rollback are of single paths. */
	if (a->undo && (leads_to_some(a->base, path) || leads_to_some(a->new, path)))
		return false;
	return !offers_is_offer(path) && !account_file_is(path) && !holds_offer(a, path);
}

static int scan_pending(struct agent *a)
{
	const struct treescan_options options = { .digests = DIGEST_SHA256,
		.one_file_system = true };
	AUTO_CLOSE int fd =
		a->state < 0 ? -1 : openat(a->state, "pending", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned long errors;

	return fd < 0 ? 0 : treescan(fd, &options, &a->pending, &errors);
}

int agent_scan(struct agent *a, bool all)
{
	struct treescan_options options = {
		.digests = DIGEST_SHA256,
		.one_file_system = true,
		.arg = a,
		.mount = may_enter,
		.exclude = is_state,
		.shallow = is_unmanaged,
	};
	unsigned long errors;
	int r = 0;

	if (a->state >= 0 && !all)
		r = statcache_open(a->state, STATE_CACHE, &options.cache);
	r = r < 0 ? r : treescan(a->root, &options, &a->local, &errors);
	r = r < 0 ? r : scan_pending(a);
	/* Without its lock the cache is left as it is; a full disk costs time, not more. */
	if (r == 0 && options.cache && a->lock >= 0)
		statcache_save(options.cache, a->state, STATE_CACHE);
	statcache_free(options.cache);
	if (r < 0) {
		cli_error(r, "%s cannot be read%s", a->options->root,
			r == -ENOTSUP ? ": /proc has to be mounted" : "");
		return EXIT_UNDONE;
	}
	return 0;
}

int agent_decide(struct agent *a)
{
	const struct plan_input in = {
		.base = a->base,
		.local = a->local,
		.new = a->new,
		.policies = a->policies,
		.is_account_file = account_file_is,
		.undo = a->undo != NULL,
	};
	int r = plan_make(&in, &a->plan);

	if (r < 0) {
		cli_error(r, "cannot plan");
		return EXIT_UNDONE;
	}
	return 0;
}

int agent_prepare(struct agent *a)
{
	int r = agent_make_changes(a);

	if (r < 0) {
		cli_error(r, "cannot plan");
		return EXIT_UNDONE;
	}
	return 0;
}

int agent_look(struct agent *a)
{
	int r = agent_load(a);

	r = r ? r : agent_scan(a, false);
	r = r ? r : agent_decide(a);
	return r ? r : agent_prepare(a);
}
