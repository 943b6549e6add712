#include "agent/run/agent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/document.h"
#include "agent/merge/account-entries.h"
#include "agent/report.h"
#include "agent/run/mounts.h"
#include "agent/transaction/inode.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/fsroot.h"
#include "lib/paths.h"
#include "lib/vis.h"

#define VENDOR_POLICY XF_LIBEXECDIR "/policy.d"
#define LOCAL_POLICY  PATH_ETC "/policy.d"

/* A path keeps its base while its conflict lasts: so many generations are searched for it. */
#define BASE_GENERATIONS 64

void agent_inform(const struct agent *a, const char *format, ...)
{
	char sentence[2 * MANIFEST_PATH_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	if (!a->options->quiet)
		fprintf(stderr, "%s\n", sentence);
	document_message(sentence);
}

const char *agent_path(
	const struct agent_options *options, const char *path, char out[static PATH_MAX])
{
	size_t n = strlen(options->root);

	snprintf(out, PATH_MAX, "%s%s%s", options->root,
		n && options->root[n - 1] == '/' ? "" : "/", path);
	return out;
}

/* --- policy --- */

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_policy_file(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return d->d_name[0] != '.' && dot && strcmp(dot, ".policy") == 0;
}

static int add_policy_file(struct agent *a, int dir, const char *shown, const char *name)
{
	AUTO_CLOSE int fd = fsroot_open(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	AUTO_BUF struct buf text = { 0 };
	const char *what = NULL;
	unsigned int line = 0;
	int r = fd < 0 ? fd : buf_read(&text, fd, POLICY_BYTES_MAX);

	r = r < 0 ? r : policies_add(a->policies, text.data, text.size, &line, &what);
	if (r == 0)
		return 0;
	if (what)
		cli_error(0, "%s/%s:%u: %s", shown, name, line, what);
	else
		cli_error(r, "%s/%s", shown, name);
	return EXIT_REFUSED;
}

/* A rule that cannot be read might be the one that protects something: no run without it. */
static int read_policies(struct agent *a, int root, const char *directory, const char *shown)
{
	AUTO_CLOSE int dir = fsroot_open(root, directory, O_RDONLY | O_DIRECTORY, 0);
	struct dirent **entry = NULL;
	int n, r = 0;

	if (dir == -ENOENT || dir == -ENOTDIR)
		return 0;
	n = dir < 0 ? -1 : scandirat(dir, ".", &entry, is_policy_file, by_name);
	if (n < 0) {
		cli_error(dir < 0 ? dir : -errno, "%s", shown);
		return EXIT_REFUSED;
	}
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = add_policy_file(a, dir, shown, entry[i]->d_name);
		free(entry[i]);
	}
	free(entry);
	return r;
}

static int read_all_policies(struct agent *a)
{
	AUTO_CLOSE int own = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char path[PATH_MAX];
	int r;

	a->policies = policies_new();
	if (!a->policies || policies_add_defaults(a->policies) < 0) {
		cli_error(-ENOMEM, "policy");
		return EXIT_UNDONE;
	}
	r = own < 0 ? 0 : read_policies(a, own, VENDOR_POLICY + 1, VENDOR_POLICY);
	return r ? r
		 : read_policies(
			   a, a->root, LOCAL_POLICY, agent_path(a->options, LOCAL_POLICY, path));
}

/* --- opening --- */

void agent_unfinished(const struct transaction *t, int r)
{
	AUTO_FREE char *path = t->failed_path ? vis_string(t->failed_path) : NULL;

	cli_error(r, "not finished: %s%s%s; the next run goes on with it",
		path ? path : TRANSACTION_DIR " in the state directory", ": ",
		t->failed_what ? t->failed_what : "cannot be completed");
}

/* A run that was cut off is finished before anything else. */
static int recover(struct agent *a)
{
	struct transaction t;
	int r = transaction_recover(a->root, a->state, &t);

	if (r == -EBADMSG || r == -ENOENT) {
		cli_error(r, "an interrupted run cannot be finished: %s in the state directory",
			TRANSACTION_DIR);
		r = EXIT_REFUSED;
	} else if (r < 0) {
		agent_unfinished(&t, r);
		r = EXIT_DEFERRED;
	} else if (r > 0) {
		agent_inform(a, "An interrupted run was finished.");
		a->recovered_undo = t.undo;
		a->status = t.records.status;
		triggers_run(a, t.changes);
		r = 0;
	}
	transaction_free(&t);
	return r;
}

/* Where the state directory's disk is not mounted yet there would seem to be none: a blank client.
 */
static int state_is_missing(const struct agent *a)
{
	const char *missing = a->options->state ? NULL : mounts_missing(a->mounts, PATH_STATE);

	if (missing)
		cli_error(0,
			"the state directory is on the file system of /%s, which is not mounted",
			missing);
	return missing ? EXIT_DEFERRED : 0;
}

static int open_state(struct agent *a, bool exclusive)
{
	char path[PATH_MAX];

	a->state = state_open(a->root, a->options->state, exclusive, &a->lock);
	if (a->state == -EWOULDBLOCK) {
		cli_error(0, "another xf-agent is at work");
		return EXIT_DEFERRED;
	}
	if (a->state == -ENOENT && !exclusive) {
		a->state = -1;
	} else if (a->state < 0) {
		cli_error(a->state, "the state directory %s",
			a->options->state ? a->options->state
					  : agent_path(a->options, PATH_STATE, path));
		a->state = -1;
		return EXIT_UNDONE;
	}
	a->unfinished = !exclusive && transaction_is_unfinished(a->state);
	return exclusive ? recover(a) : 0;
}

static int unreadable(int r, const char *name)
{
	cli_error(r == -EBADMSG ? 0 : r, "%s in the state directory: %s", name,
		r == -EBADMSG ? "damaged, or not a regular file" : "cannot be read");
	return EXIT_REFUSED;
}

int agent_open(struct agent *a, const struct agent_options *options, bool exclusive)
{
	int r;

	*a = (struct agent){
		.options = options, .state = -1, .lock = -1, .records = agent_records
	};
	a->root = open(options->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (a->root < 0) {
		cli_error(-errno, "%s", options->root);
		return EXIT_USAGE;
	}
	a->mounts = mounts_read(a->root);
	if (!a->mounts) {
		cli_error(-ENOMEM, "etc/fstab");
		return EXIT_UNDONE;
	}
	r = state_is_missing(a);
	r = r ? r : open_state(a, exclusive);
	if (r)
		return r;
	r = state_status_read(a->state, &a->status);
	if (r < 0)
		return unreadable(r, "status");
	r = conflicts_read(a->state, &a->conflicts);
	if (r < 0)
		return unreadable(r, "conflicts");
	report_state(a, &a->conflicts);
	return read_all_policies(a);
}

void agent_close(struct agent *a)
{
	share_reader_close(a->reader);
	policies_free(a->policies);
	mounts_free(a->mounts);
	plan_free(a->plan);
	changes_free(&a->changes);
	conflicts_free(&a->conflicts);
	conflicts_free(&a->next);
	manifest_free(a->base);
	manifest_free(a->local);
	manifest_free(a->new);
	manifest_free(a->pending);
	manifest_free(a->made);
	ids_free(a->owners);
	for (size_t i = 0; i < a->n_bytes; i++)
		buf_free(&a->bytes[i]);
	free(a->bytes);
	buf_free(&a->merged);
	cleanup_close(&a->lock);
	cleanup_close(&a->state);
	cleanup_close(&a->root);
}

/* --- contents --- */

const struct buf *agent_keep_bytes(struct agent *a, struct buf *buf)
{
	if (!ARRAY_GROW(a->bytes, a->n_bytes))
		return NULL;
	a->bytes[a->n_bytes] = *buf;
	*buf = (struct buf){ 0 };
	return &a->bytes[a->n_bytes++];
}

static int is_content_of(const struct manifest_entry *e, const struct buf *b)
{
	struct digest digest;
	int r = digest_bytes(b->data, b->size, DIGEST_SHA256, &digest);

	return r < 0 ? r : memcmp(digest.sha256, e->digest.sha256, 32) == 0;
}

int agent_content(
	struct agent *a, uint32_t generation, const struct manifest_entry *e, struct buf *out)
{
	char path[MANIFEST_PATH_MAX + 32];
	int r = a->state < 0 ? -ENOENT : state_content(a->state, e, out);

	if (r == 0 || e->size > ACCOUNT_BYTES_MAX || agent_try_share(a) < 0)
		return r;
	out->size = 0;
	snprintf(path, sizeof(path), "gen/%u/%s", generation, e->path);
	r = share_reader_read(a->reader, path, ACCOUNT_BYTES_MAX, out);
	r = r < 0 ? r : is_content_of(e, out);
	return r < 0 ? r : r == 0 ? -EBADMSG : 0;
}

/* What a generation's path can be other than the file that is looked for. */
static bool is_another(int r)
{
	static const int error[] = { ENOENT, ENOTDIR, EISDIR, ELOOP, EINVAL, EFBIG, EBADMSG };

	for (size_t i = 0; i < ARRAY_SIZE(error); i++)
		if (r == -error[i])
			return true;
	return false;
}

int agent_base_content(struct agent *a, const struct manifest_entry *e, struct buf *out)
{
	uint32_t generation = a->status.generation;
	int r = -ENOENT;

	for (int i = 0; is_another(r) && generation > 0 && i < BASE_GENERATIONS; i++) {
		out->size = 0;
		r = agent_content(a, generation--, e, out);
	}
	return r;
}

int agent_local_content(const struct agent *a, const struct manifest_entry *e, struct buf *out)
{
	AUTO_CLOSE int fd =
		fsroot_open(a->root, e->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	int r = fd < 0 ? fd : buf_read(out, fd, ACCOUNT_BYTES_MAX);

	r = r < 0 ? r : is_content_of(e, out);
	return r < 0 ? r : r == 0 ? -ESTALE : 0;
}
