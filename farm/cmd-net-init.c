/* xenfarm init: what makes a server one of a farm. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "farm/net/init.h"
#include "farm/operation.h"
#include "farm/output.h"
#include "farm/results.h"
#include "farm/ssh/authority.h"
#include "farm/virt/lock.h"
#include "farm/xenfarm.h"
#include "lib/cleanup.h"
#include "lib/fsroot.h"
#include "lib/paths.h"

/* --- the share --- */

static bool has_share(const struct farm_context *context)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/etc/uuid", context->share_path);
	return access(path, F_OK) == 0;
}

static int make_parents(const char *path)
{
	int r = fsroot_make_parents(path);

	return r < 0 ? cli_error(r, "the directory of %s", path) : 0;
}

static int run_make_share(void *arg)
{
	const struct farm_context *context = arg;
	int r = make_parents(context->share_path);

	if (r == 0)
		r = make_parents(context->key_path);
	return r < 0 ? r : cmd_share_make(context, context->share_path);
}

static int make_share(struct farm_context *context, struct operation *op)
{
	results_of(context->share_path);
	if (has_share(context)) {
		results_already(context->share_path);
		return 0;
	}
	return operation_step(op, run_make_share, context, "make the share %s, signed by %s",
		context->share_path, context->key_path);
}

/* --- the SSH authority --- */

static int run_make_authority(void *arg)
{
	const struct farm_context *context = arg;
	int r = make_parents(context->settings.ssh_ca);

	return r < 0 ? r : ssh_authority_make(context->settings.ssh_ca);
}

static int make_authority(struct farm_context *context, struct operation *op)
{
	const char *path = context->settings.ssh_ca;

	results_of(path);
	if (access(path, F_OK) == 0) {
		results_already(path);
		return 0;
	}
	return operation_step(op, run_make_authority, context,
		"make the key %s, by which xenfarm gets in to machines", path);
}

/* --- all of it --- */

static int check_here(const struct farm_context *context)
{
	const char *uri = context->settings.host.uri;

	if (geteuid() != 0 && !context->options.dry_run)
		return -cli_error(
			EPERM, "init changes this server: run it as root, or with --dry-run");
	if (!net_server_is_here(context->settings.host.uri))
		return -cli_error(
			EINVAL, "uri = %s is another host: run `xenfarm init` there", uri);
	return 0;
}

/* All is looked at before the first change. */
static int prepare(struct farm_context *context, struct operation *op)
{
	AUTO_NET_SERVER struct net_server server = { .root = -1 };
	bool undo = context->net_options.undo;
	int r = net_server_begin(&server, &context->settings);

	if (r == 0)
		r = net_server_connect(&server, context->settings.host.uri, op->dry_run);
	if (r == 0 && !undo)
		r = net_init_check(&server);
	if (r == 0 && !undo)
		r = make_share(context, op);
	if (r == 0 && !undo)
		r = make_authority(context, op);
	results_of(NULL);
	if (r == 0)
		r = net_server_shares(&server, &context->settings, context->share_path);
	if (r == 0)
		r = net_server_plan(&server);
	if (r < 0)
		return r;
	if (!undo)
		return net_init(&server, op);
	r = net_undo(&server, op);
	if (r == 0 && has_share(context))
		output_line("the share %s and the keys stay as they are", context->share_path);
	return r;
}

static bool is_wanted(const struct farm_context *context)
{
	return !context->net_options.undo || context->options.dry_run ||
	       operation_confirm(
		       context->options.yes, "Take back what `xenfarm init` made on this server?");
}

int cmd_net_init(void *options, char **arguments)
{
	struct farm_context *context = options;
	bool dry_run = context->options.dry_run;
	const char *const words[] = { "init", context->net_options.undo ? "--undo" : NULL, NULL };
	AUTO_CLOSE int lock = -1;
	struct operation op;
	int r = farm_context_configure(context);

	(void)arguments;
	if (r == 0)
		r = check_here(context);
	if (r < 0 || !is_wanted(context))
		return EXIT_FAILURE;
	if (!dry_run) {
		lock = virt_lock(PATH_RUN, context->net_options.undo ? "init --undo" : "init",
			VIRT_LOCK_PATIENCE);
		if (lock < 0)
			return EXIT_FAILURE;
	}
	operation_begin(&op, context->settings.log, words, dry_run);
	r = prepare(context, &op);
	return operation_end(&op, farm_exit_status(r));
}
