/*
 * A round by ssh, where agents cannot be reached: the same reports that xf-agentd(8) gives, read by
 * root's cat(1). Who the client is its host key has shown.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "farm/fleet/round.h"
#include "farm/fleet/ssh-config.h"
#include "lib/array.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/paths.h"
#include "lib/spawn.h"

#define PARALLEL    16
#define SECONDS     10 /* for one client, without --timeout */
#define SSH_FAILED  255
#define TURN        200 /* milliseconds until time limits are looked at again */
#define CAT(report) "cat " PATH_RUN_REPORTS "/" report

/* An ssh(1) that is at work. */
struct reading {
	struct round_client *client; /* NULL: none */
	pid_t pid;
	int fd;
	struct buf out;
	time_t end;
};

struct readings {
	struct round *round;
	const char *config;
	unsigned int seconds;
	struct reading reading[PARALLEL];
	size_t next, open;
};

/* --- what was read --- */

static bool decode_status(const struct buf *out, void *reply)
{
	fleet_status_reply *r = reply;

	return fleet_decode((xdrproc_t)xdr_fleet_status, out->data, out->size,
		       &r->answer.fleet_status_answer_u.status, sizeof(fleet_status)) == 0;
}

static bool decode_conflicts(const struct buf *out, void *reply)
{
	fleet_conflicts_reply *r = reply;

	return fleet_decode((xdrproc_t)xdr_fleet_conflicts, out->data, out->size,
		       &r->answer.fleet_conflicts_answer_u.conflicts, sizeof(fleet_conflicts)) == 0;
}

static void take(const struct round *round, struct round_client *c, const struct buf *out)
{
	fleet_target *self = c->reply;
	bool ok = round->question == &round_of_status ? decode_status(out, c->reply)
						      : decode_conflicts(out, c->reply);

	self->uuid = strdup(c->client->uuid);
	self->name = strdup(c->client->name);
	if (ok && self->uuid && self->name)
		round_take_reply(round, c);
	else
		round_set_wrong(c, "its report cannot be read", "");
}

static void finish(struct readings *all, struct reading *r, bool whole)
{
	int status = -1;

	close(r->fd);
	if (!whole)
		kill(-r->pid, SIGKILL);
	if (spawn_wait(r->pid, 1, &status) < 0 || !whole || status == SSH_FAILED) {
		r->client->state = ROUND_SILENT;
		snprintf(r->client->why, sizeof(r->client->why), "no answer by ssh");
	} else if (status) {
		round_set_wrong(r->client, "its xf-agent has left no report since the boot", "");
	} else {
		take(all->round, r->client, &r->out);
	}
	buf_free(&r->out);
	r->client = NULL;
	all->open--;
}

/* --- the loop --- */

static int begin(struct readings *all, struct reading *r, struct round_client *c)
{
	const char *command = all->round->question == &round_of_status ? CAT(PATH_REPORT_STATUS)
								       : CAT(PATH_REPORT_CONFLICTS);
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return cli_error(-errno, "ssh(1)");
	/* What the client says there is not for this terminal. */
	r->pid = spawn_start(&(const struct spawn){
		.argv = (const char *const[]){ "sh", "-c", "exec ssh \"$@\" 2>/dev/null", "ssh",
			"-q", "-F", all->config, "--", c->client->name, command, NULL },
		.out = ends[1],
		.kept = -1,
		.dies_with_parent = true });
	close(ends[1]);
	if (r->pid < 0) {
		close(ends[0]);
		return cli_error(r->pid, "ssh(1)");
	}
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	r->client = c;
	r->fd = ends[0];
	r->end = time(NULL) + all->seconds;
	all->open++;
	return 0;
}

static int begin_more(struct readings *all)
{
	int r = 0;

	for (size_t i = 0; i < PARALLEL && r == 0; i++) {
		while (all->next < all->round->n && !round_is_asked(&all->round->client[all->next]))
			all->next++;
		if (!all->reading[i].client && all->next < all->round->n)
			r = begin(all, &all->reading[i], &all->round->client[all->next++]);
	}
	return r;
}

static void read_some(struct readings *all, struct reading *r)
{
	char bytes[8192];
	ssize_t n = read(r->fd, bytes, sizeof(bytes));

	if (n > 0)
		buf_add(&r->out, bytes, (size_t)n);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) || r->out.failed ||
		r->out.size > FLEET_REPLY_MAX)
		finish(all, r, n == 0);
}

static void turn(struct readings *all)
{
	struct pollfd polled[PARALLEL];

	for (size_t i = 0; i < PARALLEL; i++)
		polled[i] = (struct pollfd){ .fd = all->reading[i].client ? all->reading[i].fd : -1,
			.events = POLLIN };
	poll(polled, PARALLEL, TURN);
	for (size_t i = 0; i < PARALLEL; i++)
		if (polled[i].fd >= 0 && polled[i].revents)
			read_some(all, &all->reading[i]);
		else if (polled[i].fd >= 0 && time(NULL) > all->reading[i].end)
			finish(all, &all->reading[i], false);
}

int round_ask_by_ssh(struct round *round, const struct farm_context *context)
{
	unsigned int seconds = context->options.timeout;
	AUTO_SSH_CONFIG struct ssh_config config = { .path = "" };
	struct readings all = { .round = round, .seconds = seconds ? seconds : SECONDS };
	AUTO_CLIENT_SELECTION struct client_selection selection = { 0 };
	int r;

	selection.client = calloc(round->n + 1, sizeof(*selection.client));
	if (!selection.client)
		return cli_error(-ENOMEM, "the clients");
	for (size_t i = 0; i < round->n; i++)
		if (round_is_asked(&round->client[i])) /* they are only read */
			selection.client[selection.n++] =
				(struct client *)(uintptr_t)round->client[i].client;
	r = ssh_config_begin(&config, context, &selection);
	all.config = config.path;
	if (r == 0)
		r = begin_more(&all);
	while (r == 0 && all.open) {
		turn(&all);
		r = begin_more(&all);
	}
	for (size_t i = 0; i < PARALLEL; i++)
		if (all.reading[i].client)
			finish(&all, &all.reading[i], false);
	return r;
}
