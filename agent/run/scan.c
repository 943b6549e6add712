/* The local tree, and the plan that follows from it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "agent/merge/account-entries.h"
#include "agent/merge/offers.h"
#include "agent/run/run.h"
#include "agent/transaction/volume.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/treescan.h"

struct scan {
	const struct run *run;
	const struct run_inputs *in;
};

/* Directories of the agent's own are left out: the state directory, and those of volumes. */
static bool is_private(const char *path, enum manifest_type type, void *arg)
{
	(void)arg;
	return strcmp(path, PATH_STATE) == 0 || volume_is_private(path, type);
}

static int may_enter(const char *path, bool mounted, void *arg)
{
	const struct scan *s = arg;

	return mounts_enter(s->run->mounts, path, mounted);
}

/* Is path top, or below it? */
static bool is_in(const char *path, const char *top)
{
	size_t n = strlen(top);

	return strncmp(path, top, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static bool has_below(const struct manifest *m, const char *path)
{
	size_t from, to;

	manifest_below(m, path, &from, &to);
	return from < to;
}

static bool holds_offer(const struct conflicts *conflicts, const char *path)
{
	for (size_t i = 0; i < conflicts->n; i++)
		if (strcmp(conflicts->conflict[i].place, path) != 0 &&
			is_in(conflicts->conflict[i].place, path))
			return true;
	return false;
}

/* Unmanaged paths, and files under policy ignore, are listed only, not read. */
static bool is_unmanaged(const char *path, enum manifest_type type, void *arg)
{
	const struct run_inputs *in = ((const struct scan *)arg)->in;

	if (in->whole && *in->whole && is_in(path, in->whole))
		return false;
	if (manifest_find(in->base, path) || (in->new &&manifest_find(in->new, path)))
		return type == MANIFEST_FILE &&
		       policies_find(in->policies, path, false) == POLICY_IGNORE;
	/* The lists of a rollback are of single paths. */
	if (in->undo && (has_below(in->base, path) || has_below(in->new, path)))
		return false;
	return !offers_is_offer(path) && !account_file_is(path) &&
	       !holds_offer(&in->conflicts, path);
}

static int scan_pending(int state, struct manifest **pending)
{
	const struct treescan_options options = { .digests = DIGEST_SHA256,
		.one_file_system = true };
	AUTO_CLOSE int fd =
		state < 0 ? -1 : openat(state, "pending", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned long errors;

	return fd < 0 ? 0 : treescan(fd, &options, pending, &errors);
}

static int scan(const struct run *run, struct run_inputs *in, bool all)
{
	struct scan s = { run, in };
	struct treescan_options options = {
		.digests = DIGEST_SHA256,
		.one_file_system = true,
		.arg = &s,
		.mount = may_enter,
		.exclude = is_private,
		.shallow = is_unmanaged,
	};
	unsigned long errors;
	int r = 0;

	if (run->state >= 0 && !all)
		r = statcache_open(run->state, STATE_CACHE, &options.cache);
	r = r < 0 ? r : treescan(run->root, &options, &in->local, &errors);
	r = r < 0 ? r : scan_pending(run->state, &in->pending);
	/* The cache is written under the lock only. If that fails, the next run is slower. */
	if (r == 0 && options.cache && run->lock >= 0)
		statcache_save(options.cache, run->state, STATE_CACHE);
	statcache_free(options.cache);
	return r;
}

enum agent_status run_scan(const struct run *run, struct run_inputs *in, bool all)
{
	int r = scan(run, in, all);

	if (r == 0)
		return AGENT_DONE;
	cli_error(r, "%s cannot be read%s", run->options->root,
		r == -ENOTSUP ? ": /proc has to be mounted" : "");
	return AGENT_FAILED;
}

enum agent_status run_plan(const struct run_inputs *in, enum plan_choice choice,
	const char *chosen_path, struct plan **plan)
{
	const struct plan_input input = {
		.base = in->base,
		.local = in->local,
		.new = in->new,
		.policies = in->policies,
		.is_account_file = account_file_is,
		.undo = in->undo != NULL,
		.choice = choice,
		.chosen_path = chosen_path,
	};
	int r = plan_make(&input, plan);

	if (r == 0)
		return AGENT_DONE;
	cli_error(r, "cannot plan");
	return AGENT_FAILED;
}
