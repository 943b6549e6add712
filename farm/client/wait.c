/* Waiting for clients: until they answer, run, or are off. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "farm/client/batch.h"
#include "farm/results.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

#define SSH_PORT    22
#define LIMIT       600 /* seconds: an emulated client that is filled at its first boot */
#define POWER_LIMIT 120

static int is_on(struct client *c)
{
	int active = virDomainIsActive(c->domain);

	return active < 0 ? virt_error(NULL, "cannot see whether %s runs", c->name) : active;
}

/* --- does it answer? --- */

/* Begin to connect, without waiting for it. */
static void begin_probe(struct client *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(SSH_PORT) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	memcpy(&to.sin_addr, c->record.address.byte, 4);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 &&
		errno != EINPROGRESS) {
		close(fd);
		fd = -1;
	}
	c->probe = fd + 1;
}

static void end_probe(struct client *c)
{
	close(c->probe - 1);
	c->probe = 0;
}

/* A connection that is refused or times out is tried again: the client may only be on its way. */
static bool answers(struct client *c)
{
	struct pollfd p = { .events = POLLOUT };
	int error = EAGAIN;
	socklen_t n = sizeof(error);

	if (!c->probe)
		begin_probe(c);
	p.fd = c->probe - 1;
	if (!c->probe || poll(&p, 1, 0) <= 0)
		return false;
	if (getsockopt(p.fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0)
		error = errno;
	end_probe(c);
	return error == 0;
}

static int wait_answer(struct client_session *s, struct client *c)
{
	int on = is_on(c);

	(void)s;
	if (on == 0)
		return -cli_error(ENOTCONN,
			"%s is off, and cannot answer; start it: `xenfarm client start %s`",
			c->name, c->name);
	return on < 0 ? on : answers(c) ? 0 : 1;
}

static int wait_running(struct client_session *s, struct client *c)
{
	int on = is_on(c);

	(void)s;
	return on < 0 ? on : on == 0;
}

static int wait_off(struct client_session *s, struct client *c)
{
	(void)s;
	return is_on(c);
}

const struct batch_action client_wait_answer = { .line = "does it answer",
	.done = "answering",
	.waiting = "answers",
	.begin = wait_answer,
	.poll = wait_answer,
	.only_waits = true,
	.limit = LIMIT };
const struct batch_action client_wait_running = { .line = "does it run",
	.done = "running",
	.waiting = "runs",
	.begin = wait_running,
	.poll = wait_running,
	.only_waits = true,
	.limit = POWER_LIMIT };
const struct batch_action client_wait_off = { .line = "is it off",
	.done = "off",
	.waiting = "is off",
	.begin = wait_off,
	.poll = wait_off,
	.only_waits = true,
	.limit = POWER_LIMIT };

/* --- the command --- */

static const struct batch_action *find_action(const char *state)
{
	if (!state || strcmp(state, "answering") == 0)
		return &client_wait_answer;
	if (strcmp(state, "running") == 0)
		return &client_wait_running;
	return strcmp(state, "off") == 0 ? &client_wait_off : NULL;
}

int client_wait(void *options, char **arguments)
{
	struct farm_context *c = options;
	const struct batch_action *action = find_action(c->client_options.until);
	AUTO_CLIENT_SELECTION struct client_selection selection = { 0 };
	struct client_session s = { .lock = -1 };
	int r;

	if (!action) {
		cli_error(0, "--for: \"%s\" is not answering, running or off",
			c->client_options.until);
		return EXIT_USAGE;
	}
	results_want(c->options.json);
	r = client_session_begin(&s, c, true, arguments);
	s.operation.log = -1; /* nothing is changed: not in the log */
	if (r == 0)
		r = client_select(&s, arguments, c->client_options.all, &selection);
	if (r == 0)
		r = batch_run(&s, &selection, action);
	return client_session_end(&s, r);
}
