/*
 * xenfarm client destroy: off, the disk, and last the domain, which says to the end whose disk it
 * was: the same command completes what was cut off.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libvirt/virterror.h>

#include "farm/client/batch.h"
#include "farm/client/change.h"
#include "farm/client/console-log.h"
#include "farm/client/disk.h"
#include "farm/client/remote.h"
#include "farm/client/rules.h"
#include "farm/name.h"
#include "farm/output.h"
#include "farm/results.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

#define UNDEFINE_ALL                                                                 \
	(VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA | \
		VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA)

struct work {
	struct client_session *session;
	struct client *client;
	const char *disk; /* that its domain names, or NULL */
	char *console;    /* what is kept of it; NULL: unknown */
};

static int step_off(void *arg)
{
	const struct work *w = arg;
	int r;

	virt_watch(VIRT_CALL_LIMIT, "switching %s off", w->client->name);
	r = virDomainDestroy(w->client->domain);
	virt_watch_end();
	return r < 0 ? virt_error_unless(
			       w->client->domain, false, "cannot switch %s off", w->client->name)
		     : 0;
}

/* What is not ours stays, and is no reason to keep the domain. */
static int step_disk(void *arg)
{
	const struct work *w = arg;
	int r = disk_remove(w->disk, w->client->uuid);

	return r == -EPERM ? 0 : r;
}

static int step_undefine(void *arg)
{
	const struct work *w = arg;
	int r;

	virt_watch(VIRT_CALL_LIMIT, "undefining %s", w->client->name);
	r = virDomainUndefineFlags(w->client->domain, UNDEFINE_ALL);
	if (r < 0) /* not all hypervisors have all of these */
		r = virDomainUndefine(w->client->domain);
	virt_watch_end();
	/* One that is gone was undefined for a command that was killed, or by virsh. */
	if (r < 0 && virt_errno() != -ENOENT)
		return virt_error(NULL, "cannot undefine %s", w->client->name);
	return 0;
}

static int step_console(void *arg)
{
	const struct work *w = arg;

	return console_log_remove(w->console);
}

static int switch_off(struct work *w)
{
	struct operation *op = &w->session->operation;
	const char *name = w->client->name;
	int r = 0;

	if (!virt_is_off(w->client->domain))
		r = operation_step(op, step_off, w, "%s: switch it off", name);
	if (r == 0 && w->disk && *w->disk == '/')
		r = operation_step(op, step_disk, w, "%s: remove its disk, %s", name, w->disk);
	if (r == 0 && w->console && access(w->console, F_OK) == 0)
		r = operation_step(op, step_console, w, "%s: remove the log of its console", name);
	return r;
}

struct there {
	const struct client *client;
};

/* All of it: what is left to do here finds the domain gone. */
static int step_there(void *arg)
{
	const struct there *t = arg;

	return remote_run(t->client->host, "destroy", t->client->label,
		(const char *const[]){ "--yes", NULL });
}

static int remove_parts(struct client_session *s, struct client *c)
{
	AUTO_CLIENT_CHANGE struct client_change change = { 0 };
	struct work w = { .session = s, .client = c };
	struct there there = { c };
	int r;

	if (!c->host->is_here)
		return operation_step(
			&s->operation, step_there, &there, "%s: destroy it there", c->name);
	r = client_change_begin(&change, s, c);

	if (r < 0)
		return r;
	w.disk = change.domain.disk;
	w.console = console_log_path(&s->context->settings, c->uuid);
	r = switch_off(&w);
	free(w.console);
	return r;
}

static int undefine(struct client_session *s, struct client *c)
{
	struct work w = { .session = s, .client = c };

	int r = c->host->is_here ? operation_step(&s->operation, step_undefine, &w,
					   "%s: undefine its domain", c->name)
				 : 0;

	if (r == 0)
		results_state(c->name, "absent");
	return r;
}

/* Those that are to go; those that failed are NULL. */
struct leaving {
	struct client_session *session;
	struct client **client;
	size_t n;
};

static bool leaves(const struct client *client, void *data)
{
	const struct leaving *l = data;
	bool found = false;

	for (size_t i = 0; i < l->n && !found; i++)
		found = l->client[i] == client;
	return found;
}

static int step_rules(void *arg)
{
	struct leaving *l = arg;

	return client_rules_update(l->session, NULL, 0, leaves, l);
}

static void do_each(struct leaving *l, struct batch_failures *failures,
	int (*work)(struct client_session *s, struct client *c))
{
	uint32_t most = l->session->context->client_options.max_failures;

	for (size_t i = 0; i < l->n; i++) {
		if (!l->client[i])
			continue;
		results_of(l->client[i]->name);
		if ((most && failures->n >= most) || work(l->session, l->client[i]) < 0) {
			batch_failed(failures, &l->session->operation, l->client[i]->name);
			client_result(l->client[i]);
			l->client[i] = NULL;
		}
		results_of(NULL);
	}
}

/* An address is free for another client when its domain is gone: its rules go before that. */
static int destroy_all(struct client_session *s, const struct client_selection *selection)
{
	struct leaving l = { .session = s, .client = selection->client, .n = selection->n };
	struct batch_failures failures = { 0 };
	int r;

	do_each(&l, &failures, remove_parts);
	r = operation_step(&s->operation, step_rules, &l, "rules without their addresses");
	if (r == 0)
		do_each(&l, &failures, undefine);
	if (batch_report(&failures, "destroyed", selection->n, "the same command completes it") < 0)
		return -EIO;
	return r;
}

/* --- a disk without a domain: what a `create` left that was killed early --- */

static int step_leftover(void *arg)
{
	const char *const *path_and_uuid = arg;

	return disk_remove(path_and_uuid[0], path_and_uuid[1]);
}

/* Disks that have no domain are looked for on this machine only. */
static const struct client_host *host_of_leftover(const struct client_session *s, const char *word)
{
	for (size_t i = 0; i < s->n_hosts; i++)
		if (s->host[i].is_here && s->host[i].state == HOST_ANSWERS &&
			client_word_has_host(word, s->host[i].name))
			return &s->host[i];
	return NULL;
}

/* Returns 1 if there was one, and it is gone; 0 if not; -errno after a message. */
static int remove_leftover(struct client_session *s, const char *name)
{
	const struct client_host *host = host_of_leftover(s, name);
	const char *label = client_word_name(name);
	AUTO_FREE char *path =
		!host || name_check(label) ? NULL : disk_path(s->context->settings.disks, label);
	AUTO_VIRT_DOMAIN virDomainPtr other = NULL;
	char uuid[RECORD_UUID_SIZE];
	const char *path_and_uuid[] = { path, uuid };
	enum disk_kind kind;
	int r;

	if (!path || client_list_find(&s->list, label))
		return 0;
	if (disk_look(path, &kind, uuid) < 0 || kind != DISK_BLANK)
		return disk_sweep(path);
	other = virDomainLookupByUUIDString(host->connection, uuid);
	if (other)
		return 0;
	results_of(name);
	r = operation_step(&s->operation, step_leftover, path_and_uuid,
		"%s: remove %s, which a creation that was cut off has left", name, path);
	if (r == 0)
		results_state(name, "absent");
	results_of(NULL);
	return r < 0 ? r : 1;
}

/* Takes the names of leftovers out of the list. */
static int remove_leftovers(struct client_session *s, char **names)
{
	char **to = names;

	for (; *names; names++) {
		int r = remove_leftover(s, *names);

		if (r < 0)
			return r;
		if (r == 0)
			*to++ = *names;
	}
	*to = NULL;
	return 0;
}

/* --- the command --- */

static bool confirm(const struct client_session *s, const struct client_selection *selection)
{
	bool shown = !s->context->options.yes || s->operation.dry_run;
	AUTO_BUF struct buf names = { 0 };

	for (size_t i = 0; i < selection->n; i++)
		buf_printf(&names, " %s", selection->client[i]->name);
	buf_add(&names, "", 1);
	for (size_t i = 0; i < selection->n && shown; i++)
		client_change_show(selection->client[i], NULL, NULL);
	return s->operation.dry_run ||
	       operation_confirm(s->context->options.yes, "Destroy %zu client%s with all data:%s?",
		       selection->n, selection->n == 1 ? "" : "s", names.failed ? "" : names.data);
}

int client_destroy(void *options, char **arguments)
{
	struct farm_context *c = options;
	AUTO_FREE const char **words = client_words("destroy", arguments);
	AUTO_CLIENT_SELECTION struct client_selection selection = { 0 };
	struct client_session s = { .lock = -1 };
	int r;

	if (!words)
		return EXIT_FAILURE;
	r = client_session_begin_change(&s, c, words, arguments);
	if (r == 0)
		r = remove_leftovers(&s, arguments);
	if (r < 0 || !*arguments)
		return client_session_end(&s, r);
	r = client_select(&s, arguments, false, &selection);
	if (r == 0 && !confirm(&s, &selection))
		r = -ECANCELED;
	if (r == 0)
		r = destroy_all(&s, &selection);
	return client_session_end(&s, r);
}
