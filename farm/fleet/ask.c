#include "farm/fleet/ask.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/clock.h"

#define RESERVED_FROM 665 /* as the kernel's NFS client: below are ports of services */
#define RESERVED_TO   1023
#define FILES_SPARE   64 /* descriptors that are left for others */
#define READ_SIZE     (16u << 10)
#define LAST_FRAGMENT 0x80000000u /* RFC 5531, section 11 */

enum connection_state { WAITS, CONNECTS, SENDS, RECEIVES, IS_DONE };

/* What ask_call has not: the state of its connection. */
struct connection {
	enum connection_state state;
	int fd;
	uint32_t xid;
	struct buf out, in; /* in: without the marks */
	size_t sent, left;  /* left: of the fragment */
	unsigned char mark[4];
	size_t marked;
};

struct asking {
	const struct ask_procedure *procedure;
	struct ask_call *call;
	struct connection *connection;
	size_t n, open, begun, done;
	size_t open_max;
	unsigned int port; /* the reserved port that is tried next */
	int64_t began;     /* milliseconds */
};

static void finish(struct asking *a, size_t i, enum ask_outcome outcome)
{
	struct connection *c = &a->connection[i];

	a->call[i].outcome = outcome;
	a->call[i].milliseconds = (unsigned int)(clock_milliseconds() - a->began);
	if (c->fd >= 0) {
		close(c->fd);
		a->open--;
	}
	c->fd = -1;
	buf_free(&c->in);
	buf_free(&c->out);
	c->state = IS_DONE;
	a->done++;
}

static void finish_refused(struct asking *a, size_t i, int error)
{
	a->call[i].error = error;
	finish(a, i, ASK_REFUSED);
}

static void finish_lie(struct asking *a, size_t i, const char *rule)
{
	a->call[i].rule = rule;
	finish(a, i, ASK_LIES);
}

/* --- the question --- */

/* Returns false if it does not fit: the arguments are beyond their limits. */
static bool compose(const struct asking *a, size_t i)
{
	struct connection *c = &a->connection[i];
	struct rpc_msg message = { .rm_xid = c->xid, .rm_direction = CALL };
	char bytes[ASK_CALL_MAX];
	uint32_t mark;
	XDR xdr;
	bool ok;

	message.rm_call.cb_rpcvers = RPC_MSG_VERSION;
	message.rm_call.cb_prog = a->procedure->program;
	message.rm_call.cb_vers = a->procedure->version;
	message.rm_call.cb_proc = a->procedure->number;
	xdrmem_create(&xdr, bytes, sizeof(bytes), XDR_ENCODE);
	ok = xdr_callmsg(&xdr, &message) && a->procedure->encode(&xdr, a->call[i].arguments);
	mark = htonl(LAST_FRAGMENT | xdr_getpos(&xdr));
	buf_add(&c->out, &mark, sizeof(mark));
	buf_add(&c->out, bytes, xdr_getpos(&xdr));
	xdr_destroy(&xdr);
	return ok && !c->out.failed;
}

/*
 * One port serves many agents, as only both ends together have to be unique; with SO_REUSEADDR it
 * can be bound again while others use it.
 */
static int bind_reserved(int fd, unsigned int port)
{
	static const int on = 1;
	struct sockaddr_in from = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
		bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0)
		return -errno;
	return 0;
}

static unsigned int next_port(struct asking *a)
{
	a->port = a->port == RESERVED_TO ? RESERVED_FROM : a->port + 1;
	return a->port;
}

/* From the port. 0: under way; -EADDRINUSE, -EADDRNOTAVAIL: not from this one; or -errno. */
static int try_connect(struct asking *a, size_t i, unsigned int port)
{
	struct connection *c = &a->connection[i];
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(a->procedure->port),
		.sin_addr = a->call[i].address };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int r = fd < 0 ? -errno : bind_reserved(fd, port);

	if (r == 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS)
		r = -errno;
	if (r < 0) {
		if (fd >= 0)
			close(fd);
		return r;
	}
	c->fd = fd;
	c->state = CONNECTS;
	a->open++;
	return 0;
}

/* Returns 0, also if it is refused at once; or -errno, which concerns all calls. */
static int begin(struct asking *a, size_t i)
{
	int r = -EADDRINUSE;

	if (getrandom(&a->connection[i].xid, sizeof(uint32_t), 0) != sizeof(uint32_t))
		return cli_error(-errno, "random numbers");
	if (!compose(a, i))
		return -cli_error(EMSGSIZE, "the question is too long");
	for (int tries = RESERVED_TO - RESERVED_FROM;
		tries && (r == -EADDRINUSE || r == -EADDRNOTAVAIL); tries--)
		r = try_connect(a, i, next_port(a));
	if (r == -EACCES)
		return cli_error(
			r, "agents answer to ports below 1024 alone, which only root can use");
	if (r < 0)
		finish_refused(a, i, -r);
	return 0;
}

/* --- the answer --- */

static const char *denial(const struct rpc_msg *reply)
{
	static const char *const accepted[] = { [PROG_UNAVAIL] = "has another program on this port",
		[PROC_UNAVAIL] = "does not know this question",
		[GARBAGE_ARGS] = "does not understand the question",
		[SYSTEM_ERR] = "has failed" };
	unsigned int status = reply->rm_reply.rp_stat == MSG_ACCEPTED ? reply->acpted_rply.ar_stat
								      : ARRAY_SIZE(accepted);

	return status < ARRAY_SIZE(accepted) && accepted[status] ? accepted[status]
								 : "denies the call";
}

static void take_result(struct asking *a, size_t i, XDR *xdr)
{
	struct connection *c = &a->connection[i];
	void *result = a->call[i].result;
	bool whole = a->procedure->decode(xdr, result);

	if (whole && xdr_getpos(xdr) == c->in.size) {
		finish(a, i, ASK_ANSWERED);
		return;
	}
	xdr_free(a->procedure->decode, result);
	finish_lie(a, i, whole ? "is longer than it should be" : "is not what was asked for");
}

/* xdr_replymsg(3) is to leave the result, which is looked at once the rest was. */
static bool_t no_result(XDR *xdr, ...)
{
	(void)xdr;
	return TRUE;
}

static void take_reply(struct asking *a, size_t i, XDR *xdr)
{
	struct ask_call *call = &a->call[i];
	char verifier[MAX_AUTH_BYTES];
	struct rpc_msg reply = { .rm_xid = 0 };

	reply.acpted_rply.ar_verf.oa_base = verifier;
	reply.acpted_rply.ar_results.proc = no_result;
	if (!xdr_replymsg(xdr, &reply)) {
		finish_lie(a, i, "is not a reply of ONC RPC");
	} else if (reply.rm_xid != a->connection[i].xid) {
		finish_lie(a, i, "belongs to another question");
	} else if (reply.rm_reply.rp_stat == MSG_ACCEPTED &&
		   reply.acpted_rply.ar_stat == PROG_MISMATCH) {
		call->low = (uint32_t)reply.acpted_rply.ar_vers.low;
		call->high = (uint32_t)reply.acpted_rply.ar_vers.high;
		finish(a, i, ASK_VERSION);
	} else if (reply.rm_reply.rp_stat == MSG_ACCEPTED && reply.acpted_rply.ar_stat == SUCCESS) {
		take_result(a, i, xdr);
	} else {
		call->rule = denial(&reply);
		finish(a, i, ASK_DENIED);
	}
}

static void take_answer(struct asking *a, size_t i)
{
	struct connection *c = &a->connection[i];
	XDR xdr;

	xdrmem_create(&xdr, c->in.data, (u_int)c->in.size, XDR_DECODE);
	take_reply(a, i, &xdr);
	xdr_destroy(&xdr);
}

static bool is_last(const struct connection *c)
{
	return c->mark[0] & 0x80;
}

/* A mark is complete. The rule that it breaks, or NULL. */
static const char *take_mark(const struct asking *a, struct connection *c)
{
	size_t max = a->procedure->answer_max ? a->procedure->answer_max : ASK_ANSWER_MAX;
	uint32_t mark;

	memcpy(&mark, c->mark, sizeof(mark));
	c->left = ntohl(mark) & ~LAST_FRAGMENT;
	if (c->left == 0)
		return "has an empty fragment";
	return c->left > max - c->in.size ? "is longer than answers may be" : NULL;
}

/* These two: bytes, 0 at the end, or -errno. Never beyond the fragment: what follows an answer is
 * nobody's. */
static ssize_t receive_mark(struct connection *c)
{
	ssize_t n = recv(c->fd, c->mark + c->marked, sizeof(c->mark) - c->marked, 0);

	if (n > 0)
		c->marked += (size_t)n;
	return n < 0 ? -errno : n;
}

static ssize_t receive_bytes(struct connection *c)
{
	size_t n = c->left < READ_SIZE ? c->left : READ_SIZE;
	char *to = buf_room(&c->in, n);
	ssize_t got = to ? recv(c->fd, to, n, 0) : -1;

	if (got < 0)
		return to ? -errno : -ENOMEM;
	c->in.size += (size_t)got;
	c->left -= (size_t)got;
	return got;
}

/* Something was received. Returns false if the call is done. */
static bool advance(struct asking *a, size_t i, bool was_mark)
{
	struct connection *c = &a->connection[i];
	const char *wrong = was_mark && c->marked == sizeof(c->mark) ? take_mark(a, c) : NULL;

	if (wrong) {
		finish_lie(a, i, wrong);
	} else if (!was_mark && c->left == 0 && is_last(c)) {
		take_answer(a, i);
	} else {
		if (!was_mark && c->left == 0)
			c->marked = 0;
		return true;
	}
	return false;
}

static void receive(struct asking *a, size_t i)
{
	struct connection *c = &a->connection[i];
	bool is_mark;
	ssize_t n;

	do {
		is_mark = c->marked < sizeof(c->mark);
		n = is_mark ? receive_mark(c) : receive_bytes(c);
	} while (n > 0 && advance(a, i, is_mark));
	if (n <= 0 && n != -EAGAIN && n != -EINTR)
		finish_refused(a, i, n == 0 ? ECONNRESET : (int)-n);
}

/* --- the loop --- */

static void send_more(struct asking *a, size_t i)
{
	struct connection *c = &a->connection[i];
	ssize_t n = send(c->fd, c->out.data + c->sent, c->out.size - c->sent, MSG_NOSIGNAL);

	if (n >= 0)
		c->sent += (size_t)n;
	else if (errno != EAGAIN && errno != EINTR)
		finish_refused(a, i, errno);
	if (c->sent == c->out.size)
		c->state = RECEIVES;
}

static void work(struct asking *a, size_t i)
{
	struct connection *c = &a->connection[i];
	socklen_t size = sizeof(int);
	int error = 0;

	if (c->state == CONNECTS) {
		if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error) {
			finish_refused(a, i, error ? error : errno);
			return;
		}
		c->state = SENDS;
	}
	if (c->state == SENDS)
		send_more(a, i);
	else if (c->state == RECEIVES)
		receive(a, i);
}

/* As many as there are descriptors for. */
static int begin_more(struct asking *a)
{
	int r = 0;

	while (r == 0 && a->begun < a->n && a->open < a->open_max)
		r = begin(a, a->begun++);
	return r;
}

/* Those that are open: poll(2) takes no more places than there may be descriptors. */
static size_t list_open(const struct asking *a, struct pollfd *polled, size_t *of)
{
	size_t n = 0;

	for (size_t i = 0; i < a->begun; i++) {
		const struct connection *c = &a->connection[i];

		if (c->fd < 0)
			continue;
		of[n] = i;
		polled[n++] = (struct pollfd){ .fd = c->fd,
			.events = c->state == RECEIVES ? POLLIN : POLLOUT };
	}
	return n;
}

static int turn(struct asking *a, struct pollfd *polled, size_t *of, int64_t left)
{
	size_t n = list_open(a, polled, of);

	if (poll(polled, n, (int)left) < 0)
		return errno == EINTR ? 0 : cli_error(-errno, "poll");
	for (size_t i = 0; i < n; i++)
		if (polled[i].revents)
			work(a, of[i]);
	return begin_more(a);
}

/* Room for that many connections, or what the limit of descriptors leaves. */
static size_t room_for(size_t n)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return n;
	if (limit.rlim_cur < n + FILES_SPARE && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur =
			n + FILES_SPARE < limit.rlim_max ? n + FILES_SPARE : limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	return limit.rlim_cur > 2 * FILES_SPARE ? limit.rlim_cur - FILES_SPARE : FILES_SPARE;
}

static int run(struct asking *a, unsigned int milliseconds)
{
	AUTO_FREE struct pollfd *polled = calloc(a->n, sizeof(*polled));
	AUTO_FREE size_t *of = calloc(a->n, sizeof(*of));
	int64_t end = a->began + milliseconds, left;
	int r = polled && of ? begin_more(a) : cli_error(-ENOMEM, "the clients");

	while (r == 0 && a->done < a->n && (left = end - clock_milliseconds()) > 0)
		r = turn(a, polled, of, left);
	return r;
}

int ask_all(const struct ask_procedure *procedure, struct ask_call *call, size_t n,
	unsigned int milliseconds)
{
	AUTO_FREE struct connection *connection = calloc(n + 1, sizeof(*connection));
	struct asking a = {
		.procedure = procedure, .call = call, .connection = connection, .n = n
	};
	unsigned int start = 0;
	int r;

	if (!connection)
		return cli_error(-ENOMEM, "the clients");
	if (n == 0)
		return 0;
	if (getrandom(&start, sizeof(start), 0) != sizeof(start))
		return cli_error(-errno, "random numbers");
	/* Ports that were used for these agents a moment ago are not asked from again at once. */
	a.port = RESERVED_FROM + start % (RESERVED_TO - RESERVED_FROM);
	a.began = clock_milliseconds();
	a.open_max = room_for(n);
	for (size_t i = 0; i < n; i++)
		connection[i].fd = -1;
	r = run(&a, milliseconds);
	for (size_t i = 0; i < n; i++)
		if (connection[i].state != IS_DONE)
			finish(&a, i, ASK_SILENT);
	return r;
}

struct ask_text ask_explain(const struct ask_procedure *procedure, const struct ask_call *call)
{
	struct ask_text t = { "" };

	switch (call->outcome) {
	case ASK_ANSWERED:
		break;
	case ASK_SILENT:
		snprintf(t.text, sizeof(t.text), "no answer");
		break;
	case ASK_REFUSED:
		snprintf(t.text, sizeof(t.text), "%s",
			call->error == ECONNREFUSED ? "no agent listens"
			: call->error == ECONNRESET ? "closed the connection"
						    : strerror(call->error));
		break;
	case ASK_VERSION:
		snprintf(t.text, sizeof(t.text), "agent speaks version %u to %u; this xenfarm %u",
			call->low, call->high, procedure->version);
		break;
	case ASK_DENIED:
		snprintf(t.text, sizeof(t.text), "%s", call->rule);
		break;
	case ASK_LIES:
		snprintf(t.text, sizeof(t.text), "its answer %s", call->rule);
		break;
	}
	return t;
}
