#include "agent/run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/document.h"
#include "agent/report.h"
#include "agent/run/apply.h"
#include "agent/run/triggers.h"
#include "agent/transaction/transaction.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

void run_inform(const struct agent_options *options, const char *format, ...)
{
	char sentence[2 * MANIFEST_PATH_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	if (!options->quiet)
		fprintf(stderr, "%s\n", sentence);
	document_message(sentence);
}

const char *run_path(const char *root, const char *path, char out[static PATH_MAX])
{
	size_t n = strlen(root);

	snprintf(out, PATH_MAX, "%s%s%s", root, n && root[n - 1] == '/' ? "" : "/", path);
	return out;
}

enum agent_status run_left(const struct run *run)
{
	return run->unfinished || run->status.deferred ? AGENT_DEFERRED
	       : run->status.conflicts                 ? AGENT_CONFLICTS
						       : AGENT_DONE;
}

/* --- opening --- */

/* An interrupted run is finished first. */
static enum agent_status recover(struct run *run)
{
	struct transaction t;
	enum agent_status status = AGENT_DONE;
	int r = transaction_recover(run->root, run->state, &t);

	if (r == -EBADMSG || r == -ENOENT) {
		cli_error(r, "an interrupted run cannot be finished: %s in the state directory",
			TRANSACTION_DIR);
		status = AGENT_REFUSED;
	} else if (r < 0) {
		status = run_not_finished(&t, r);
	} else if (r > 0) {
		run_inform(run->options, "An interrupted run was finished.");
		run->recovered_undo = t.journal.undo;
		run->status = t.records.status;
		triggers_run(run->root, &run->status, &t.journal);
	}
	transaction_free(&t);
	return status;
}

/* If the disk of the state directory is not mounted, the client would be taken for a blank one. */
static enum agent_status check_state(const struct run *run)
{
	const char *missing = run->options->state ? NULL : mounts_missing(run->mounts, PATH_STATE);

	if (!missing)
		return AGENT_DONE;
	cli_error(0, "the state directory is on the file system of /%s, which is not mounted",
		missing);
	return AGENT_DEFERRED;
}

static enum agent_status open_state(struct run *run, bool exclusive)
{
	const struct agent_options *options = run->options;
	int r = state_open(run->root, options->state, exclusive, &run->lock);
	char path[PATH_MAX];

	if (r == -EWOULDBLOCK) {
		cli_error(0, "another xf-agent is running");
		return AGENT_DEFERRED;
	}
	if (r < 0 && (r != -ENOENT || exclusive)) {
		cli_error(r, "the state directory %s",
			options->state ? options->state
				       : run_path(options->root, PATH_STATE, path));
		return AGENT_FAILED;
	}
	run->state = r < 0 ? -1 : r;
	run->unfinished = !exclusive && transaction_is_unfinished(run->state);
	return exclusive ? recover(run) : AGENT_DONE;
}

static enum agent_status unreadable(int r, const char *name)
{
	cli_error(r == -EBADMSG ? 0 : r, "%s in the state directory: %s", name,
		r == -EBADMSG ? "damaged, or not a regular file" : "cannot be read");
	return AGENT_REFUSED;
}

static enum agent_status open_root(struct run *run)
{
	run->root = open(run->options->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (run->root < 0) {
		cli_error(-errno, "%s", run->options->root);
		return AGENT_USAGE;
	}
	run->mounts = mounts_read(run->root);
	run->reader = share_reader_new(run->options->source);
	if (run->mounts && run->reader)
		return AGENT_DONE;
	cli_error(-ENOMEM, "etc/fstab");
	return AGENT_FAILED;
}

enum agent_status run_open(
	struct run *run, struct run_inputs *in, const struct agent_options *options, bool exclusive)
{
	enum agent_status status;
	int r;

	*run = (struct run){ .options = options, .state = -1, .lock = -1 };
	*in = (struct run_inputs){ 0 };
	status = open_root(run);
	status = status ? status : check_state(run);
	status = status ? status : open_state(run, exclusive);
	if (status)
		return status;
	r = state_status_read(run->state, &run->status);
	if (r < 0)
		return unreadable(r, STATE_STATUS);
	r = conflicts_read(run->state, &in->conflicts);
	if (r < 0)
		return unreadable(r, CONFLICTS_FILE);
	report_state(run, &in->conflicts);
	return run_read_policies(run, &in->policies);
}

void run_close(struct run *run, struct run_inputs *in)
{
	share_reader_free(run->reader);
	mounts_free(run->mounts);
	policies_free(in->policies);
	conflicts_free(&in->conflicts);
	manifest_free(in->base);
	manifest_free(in->local);
	manifest_free(in->new);
	manifest_free(in->pending);
	cleanup_close(&run->lock);
	cleanup_close(&run->state);
	cleanup_close(&run->root);
}
