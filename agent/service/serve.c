#include "agent/service/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/fleet/fleet.h"
#include "lib/fleet/record.h"

#define EVENTS 64 /* handled at once */

struct connection {
	int fd;
	void *context;
	int64_t until;    /* when its call has to be there, or its reply taken: milliseconds */
	char bytes[4096]; /* that have arrived, and … */
	size_t n, at;     /* … how many are looked at */
	struct fleet_record call;
	struct buf out;
	size_t sent;
};

struct server {
	const struct serve_service *service;
	const struct serve_listener *listeners;
	size_t n_listeners;
	struct connection **connection;
	size_t n;
	int epoll;
	int64_t busy; /* when it last had a connection */
};

static void free_connection(struct connection *c)
{
	close(c->fd);
	fleet_record_free(&c->call);
	buf_free(&c->out);
	free(c);
}

static void drop(struct server *s, struct connection *c)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->connection[i] == c) {
			s->connection[i] = s->connection[--s->n];
			break;
		}
	free_connection(c);
	s->busy = clock_milliseconds();
}

/* For one more: the one that has to be done first. */
static void make_room(struct server *s)
{
	struct connection *first = s->connection[0];

	for (size_t i = 1; i < s->n; i++)
		if (s->connection[i]->until < first->until)
			first = s->connection[i];
	drop(s, first);
}

/* Takes fd over. */
static void add(struct server *s, const struct serve_listener *listener, int fd)
{
	struct connection *c = calloc(1, sizeof(*c));
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

	if (!c || !ARRAY_GROW(s->connection, s->n) ||
		epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		close(fd);
		free(c);
		return;
	}
	c->fd = fd;
	c->context = listener->context;
	c->until = clock_milliseconds() + s->service->seconds * 1000;
	s->connection[s->n++] = c;
}

/* One of those that wait: others have their turn before the next. */
static void take(struct server *s, const struct serve_listener *listener)
{
	struct sockaddr_storage peer = { 0 };
	socklen_t size = sizeof(peer);
	int fd = accept4(
		listener->fd, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (!s->service->admits(listener->context, &peer)) {
		close(fd);
		return;
	}
	if (s->n >= s->service->connections)
		make_room(s);
	add(s, listener, fd);
}

/* Send what can be sent. False: the connection is over. */
static bool flush(struct server *s, struct connection *c)
{
	struct epoll_event event = { .events = EPOLLOUT, .data.ptr = c };

	while (c->sent < c->out.size) {
		ssize_t n = send(c->fd, c->out.data + c->sent, c->out.size - c->sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return false;
		if (n < 0)
			return epoll_ctl(s->epoll, EPOLL_CTL_MOD, c->fd, &event) == 0;
		c->sent += (size_t)n;
	}
	buf_free(&c->out);
	c->sent = 0;
	event.events = EPOLLIN;
	return epoll_ctl(s->epoll, EPOLL_CTL_MOD, c->fd, &event) == 0;
}

/* Answer the calls that have arrived, one after the other, as fast as the replies are taken. */
static bool answer(struct server *s, struct connection *c)
{
	while (c->out.size == 0 && c->at < c->n) {
		ssize_t taken =
			fleet_record_take(&c->call, c->bytes + c->at, c->n - c->at, FLEET_CALL_MAX);

		if (taken < 0)
			return false;
		c->at += (size_t)taken;
		if (!c->call.whole)
			continue;
		if (!s->service->answer(
			    c->context, c->call.bytes.data, c->call.bytes.size, &c->out))
			return false;
		fleet_record_next(&c->call);
		c->until = clock_milliseconds() + s->service->seconds * 1000;
		if (c->out.size && !flush(s, c))
			return false;
	}
	return true;
}

static bool receive(struct connection *c)
{
	ssize_t n = recv(c->fd, c->bytes, sizeof(c->bytes), 0);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	c->n = (size_t)n;
	c->at = 0;
	return n > 0;
}

static void handle(struct server *s, struct connection *c)
{
	bool lives = c->out.size ? flush(s, c) : receive(c);

	if (!lives || !answer(s, c))
		drop(s, c);
}

/* Close what is too slow. Returns milliseconds until the next one is. */
static int64_t close_slow(struct server *s)
{
	int64_t at = clock_milliseconds(),
		next = s->n ? INT64_MAX : s->busy + (int64_t)s->service->idle * 1000;

	for (size_t i = 0; i < s->n;)
		if (s->connection[i]->until <= at) {
			drop(s, s->connection[i]);
		} else {
			next = s->connection[i]->until < next ? s->connection[i]->until : next;
			i++;
		}
	return next > at ? next - at : 0;
}

static const struct serve_listener *listener_of(const struct server *s, const void *p)
{
	const struct serve_listener *l = p;

	return l >= s->listeners && l < s->listeners + s->n_listeners ? l : NULL;
}

/* Is it still there? An event before may have closed it. */
static bool is_there(const struct server *s, const void *p)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->connection[i] == p)
			return true;
	return false;
}

static int run(struct server *s)
{
	struct epoll_event event[EVENTS];

	for (;;) {
		int64_t wait = close_slow(s);
		bool idle = s->n == 0 && s->service->idle >= 0;
		int n;

		if (idle && wait == 0)
			return 0;
		n = epoll_wait(s->epoll, event, EVENTS, s->n || idle ? (int)wait : -1);
		if (n < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < n; i++) {
			const struct serve_listener *l = listener_of(s, event[i].data.ptr);

			if (l)
				take(s, l);
			else if (is_there(s, event[i].data.ptr))
				handle(s, event[i].data.ptr);
		}
	}
}

/* A connection may be gone before accept(2): then the loop must not wait for the next. */
static int listen_to(struct server *s, const struct serve_listener *l)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = (void *)(uintptr_t)l };
	int flags = fcntl(l->fd, F_GETFL);

	if (flags < 0 || fcntl(l->fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
		epoll_ctl(s->epoll, EPOLL_CTL_ADD, l->fd, &event) < 0)
		return -errno;
	return 0;
}

int serve_run(const struct serve_service *service, const struct serve_listener *listeners, size_t n)
{
	AUTO_CLOSE int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct server s = { service, listeners, n, NULL, 0, epoll, clock_milliseconds() };
	int r = epoll < 0 ? -errno : 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = listen_to(&s, &listeners[i]);
	if (r == 0)
		r = run(&s);
	while (s.n)
		free_connection(s.connection[--s.n]);
	free(s.connection);
	return r;
}
