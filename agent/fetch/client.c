#include "agent/fetch/client.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nfsc/libnfs.h>
/* Needs types of the first. */
#include <nfsc/libnfs-raw.h>
/* Needs types of both. */
#include <nfsc/libnfs-raw-nfs4.h>

#include "agent/fetch/protocol.h"
#include "lib/clock.h"

#define LOOKUPS    12           /* of a compound; Linux takes 16 operations in one, since 2.6 */
#define FIRST_READ (64u << 10)  /* most files end in it */
#define READ       (512u << 10) /* bytes of the reads that follow */
#define DELAY      200          /* milliseconds, when a server asks for patience */

/* A file that was asked for. */
struct job {
	struct client *client;
	bool used, sent;
	int64_t later; /* not before that time, as the server asked for */
	uint64_t offset, limit;
	const char *rest; /* of the path, from the directory fh on */
	const char *next; /* the rest when what was sent is answered */
	unsigned int fh_size;
	char fh[NFS4_FHSIZE];
	char path[NFS_URL_PATH + FETCH_PATH_MAX + 1];
};

struct client {
	const struct share_url *url;
	unsigned int uid, gid;
	int fd;
	unsigned int server; /* counts on, also over the last one */
	unsigned int tries;  /* since something was heard */
	struct rpc_context *rpc;
	bool connected, lost;
	int64_t heard; /* milliseconds */
	int error;     /* of the last connection, -errno */
	struct job job[FETCH_SLOTS];
};

/* --- to the agent --- */

static void say(struct job *j, int error, const void *data, size_t n, bool last)
{
	struct fetch_reply reply = { (uint32_t)(j - j->client->job), error, last, "" };
	const struct iovec part[] = { { &reply, offsetof(struct fetch_reply, data) },
		{ (void *)data, n } };
	const struct msghdr message = { .msg_iov = (struct iovec *)part, .msg_iovlen = 2 };

	/* The agent has ended. */
	if (sendmsg(j->client->fd, &message, MSG_NOSIGNAL) < 0)
		exit(EXIT_FAILURE);
	j->used = !last;
}

static void pass_on(struct job *j, const char *data, size_t n, bool last)
{
	for (; n > FETCH_PIECE; data += FETCH_PIECE, n -= FETCH_PIECE)
		say(j, 0, data, FETCH_PIECE, false);
	if (n || last)
		say(j, 0, data, n, last);
}

/* --- to the server --- */

static void answered(struct rpc_context *rpc, int status, void *data, void *private);

/* LOOKUPs of the next components; how many, or -ENAMETOOLONG. */
static int add_lookups(struct job *j, nfs_argop4 *op)
{
	const char *rest = j->rest;
	int n = 0;

	while (*rest && n < LOOKUPS) {
		size_t size = strcspn(rest, "/");

		if (size > MANIFEST_NAME_MAX)
			return -ENAMETOOLONG;
		op[n].argop = OP_LOOKUP;
		op[n].nfs_argop4_u.oplookup.objname =
			(component4){ (unsigned int)size, (char *)rest };
		n += size != 0;
		rest += size + (rest[size] == '/');
	}
	j->next = rest;
	return n;
}

/* From the root or the directory reached so far on, to the file's bytes or to a directory nearer to
 * it.
 */
static void send_job(struct job *j)
{
	nfs_argop4 op[LOOKUPS + 2] = { { .argop = OP_PUTROOTFH } };
	COMPOUND4args args = { .argarray = { 0, op } };
	int n = add_lookups(j, op + 1);

	if (n < 0) {
		say(j, n, NULL, 0, true);
		return;
	}
	if (j->fh_size) {
		op[0].argop = OP_PUTFH;
		op[0].nfs_argop4_u.opputfh.object.nfs_fh4_len = j->fh_size;
		op[0].nfs_argop4_u.opputfh.object.nfs_fh4_val = j->fh;
	}
	n++;
	op[n].argop = *j->next ? OP_GETFH : OP_READ;
	if (!*j->next) {
		READ4args *read = &op[n].nfs_argop4_u.opread;

		/* The stateid of all ones reads what was never opened, even after a restart. */
		memset(&read->stateid, 0xff, sizeof(read->stateid));
		read->offset = j->offset;
		read->count = j->offset ? READ : FIRST_READ;
	}
	args.argarray.argarray_len = (unsigned int)n + 1;
	j->sent = rpc_nfs4_compound_async(j->client->rpc, answered, &args, j) == 0;
	j->client->lost |= !j->sent;
}

static void take_read(struct job *j, const READ4resok *read)
{
	uint64_t size = read->data.data_len;
	bool last = read->eof || size == 0;

	if (size > j->limit - j->offset) {
		say(j, -EFBIG, NULL, 0, true);
		return;
	}
	j->offset += size;
	pass_on(j, read->data.data_val, size, last);
}

/* The directory is reached from which the rest of the path goes on. */
static int take_directory(struct job *j, const nfs_fh4 *fh)
{
	if (fh->nfs_fh4_len == 0 || fh->nfs_fh4_len > NFS4_FHSIZE)
		return -EPROTO;
	j->rest = j->next;
	j->fh_size = fh->nfs_fh4_len;
	memcpy(j->fh, fh->nfs_fh4_val, j->fh_size);
	return 0;
}

static int take_result(struct job *j, const COMPOUND4res *res)
{
	nfs_resop4 op;
	int error;

	if (res->status == NFS4ERR_SYMLINK)
		return -ELOOP;
	if (res->status != NFS4_OK) {
		error = nfsstat4_to_errno((int)res->status);
		return error < 0 && error > -4096 ? error : -EIO;
	}
	if (res->resarray.resarray_len == 0)
		return -EPROTO;
	/* libnfs 4 aligns its arrays to four bytes. */
	memcpy(&op, &res->resarray.resarray_val[res->resarray.resarray_len - 1], sizeof(op));
	if (*j->next) {
		const GETFH4res *fh = &op.nfs_resop4_u.opgetfh;

		return op.resop == OP_GETFH && fh->status == NFS4_OK
			       ? take_directory(j, &fh->GETFH4res_u.resok4.object)
			       : -EPROTO;
	}
	if (op.resop != OP_READ || op.nfs_resop4_u.opread.status != NFS4_OK)
		return -EPROTO;
	take_read(j, &op.nfs_resop4_u.opread.READ4res_u.resok4);
	return 0;
}

static void answered(struct rpc_context *rpc, int status, void *data, void *private)
{
	struct job *j = private;
	struct client *c = j->client;
	const COMPOUND4res *res = data;
	int r;

	(void)rpc;
	j->sent = false;
	if (status != RPC_STATUS_SUCCESS) {
		c->lost = true;
		return;
	}
	c->heard = clock_milliseconds();
	c->tries = 0;
	if (res->status == NFS4ERR_DELAY || res->status == NFS4ERR_GRACE) {
		j->later = c->heard + DELAY;
		return;
	}
	r = take_result(j, res);
	if (r < 0)
		say(j, r, NULL, 0, true);
	else if (j->used)
		send_job(j);
}

/* --- the connection --- */

static void connected(struct rpc_context *rpc, int status, void *data, void *private)
{
	struct client *c = private;

	(void)rpc;
	(void)data;
	c->connected = status == RPC_STATUS_SUCCESS;
	c->lost = !c->connected;
	c->heard = clock_milliseconds();
}

static void disconnect(struct client *c)
{
	if (c->rpc)
		rpc_destroy_context(c->rpc);
	c->rpc = NULL;
	c->connected = c->lost = false;
	/* What was not answered is asked again. */
	for (size_t i = 0; i < FETCH_SLOTS; i++)
		c->job[i].sent = false;
}

static const char *host(const struct client *c)
{
	return c->url->server[c->server % c->url->n];
}

static void leave_server(struct client *c, int error)
{
	if (c->tries <= c->url->n)
		fprintf(stderr, "xf-fetch: %s: %s\n", host(c),
			error == -ETIMEDOUT    ? "no answer"
			: error == -ECONNRESET ? "the connection broke"
					       : "no connection");
	c->error = error;
	disconnect(c);
	c->server++;
}

static void next_server(struct client *c)
{
	struct AUTH *auth = libnfs_authunix_create("xenfarm", c->uid, c->gid, 0, NULL);

	c->tries++;
	c->heard = clock_milliseconds();
	c->rpc = rpc_init_context();
	if (!c->rpc || !auth)
		exit(EXIT_FAILURE);
	rpc_set_auth(c->rpc, auth);
	c->lost = rpc_connect_async(c->rpc, host(c), (int)c->url->port, connected, c) != 0;
}

/* No server answers: the requests so far fail. */
static void give_up(struct client *c)
{
	for (size_t i = 0; i < FETCH_SLOTS; i++)
		if (c->job[i].used)
			say(&c->job[i], c->error, NULL, 0, true);
	c->tries = 0;
}

static bool has_work(const struct client *c)
{
	for (size_t i = 0; i < FETCH_SLOTS; i++)
		if (c->job[i].used)
			return true;
	return false;
}

/* Send what was not sent yet. Milliseconds until the next may be. */
static int send_jobs(struct client *c)
{
	int64_t wait = (int64_t)c->url->timeout * 1000, time = clock_milliseconds();

	for (size_t i = 0; i < FETCH_SLOTS; i++) {
		struct job *j = &c->job[i];

		if (!j->used || j->sent)
			continue;
		if (j->later <= time)
			send_job(j);
		else if (j->later - time < wait)
			wait = j->later - time;
	}
	return (int)wait;
}

/* Whatever can be done without waiting. Milliseconds until this has to be looked at again; -1: not
 * before there is a request. */
static int go_on(struct client *c)
{
	while (has_work(c)) {
		int wait;

		if (c->lost)
			leave_server(c, c->connected ? -ECONNRESET : -ENOTCONN);
		if (!c->rpc && c->tries == FETCH_ROUNDS * c->url->n) {
			give_up(c);
			break;
		}
		if (!c->rpc)
			next_server(c);
		wait = c->connected ? send_jobs(c) : (int)c->url->timeout * 1000;
		if (!c->lost)
			return wait;
	}
	return -1;
}

/* --- requests --- */

/* False when the agent has closed its end. */
static bool take_request(struct client *c)
{
	struct fetch_request q;
	const ssize_t head = offsetof(struct fetch_request, path);
	ssize_t n = recv(c->fd, &q, sizeof(q), 0);
	struct job *j;
	int used;

	if (n < 0 && errno == EINTR)
		return true;
	if (n <= head || q.slot >= FETCH_SLOTS || c->job[q.slot].used || q.offset > q.limit)
		return false;
	j = &c->job[q.slot];
	*j = (struct job){ .client = c, .used = true, .offset = q.offset, .limit = q.limit };
	used = snprintf(j->path, sizeof(j->path), "%s/%.*s", c->url->path, (int)(n - head), q.path);
	j->rest = j->path;
	return used >= 0 && (size_t)used < sizeof(j->path);
}

static void serve_rpc(struct client *c, int events, bool idle)
{
	if (rpc_service(c->rpc, events) < 0)
		c->lost = true;
	/* A connection that was idle may be closed. */
	if (idle && c->lost)
		disconnect(c);
	else if (!c->lost && !idle &&
		 clock_milliseconds() - c->heard >= (int64_t)c->url->timeout * 1000)
		leave_server(c, -ETIMEDOUT);
}

struct client *client_new(
	const struct share_url *url, unsigned int first, unsigned int uid, unsigned int gid)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c) {
		c->url = url;
		c->server = first;
		c->uid = uid;
		c->gid = gid;
	}
	return c;
}

void client_serve(struct client *c, int fd)
{
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN } };

	c->fd = fd;
	for (;;) {
		int wait = go_on(c);

		p[1].fd = c->rpc ? rpc_get_fd(c->rpc) : -1;
		p[1].events = c->rpc ? (short)rpc_which_events(c->rpc) : 0;
		p[0].revents = p[1].revents = 0;
		if (poll(p, 2, wait) < 0 && errno != EINTR)
			return;
		if (wait < 0)
			c->heard = clock_milliseconds();
		if (c->rpc)
			serve_rpc(c, p[1].revents, wait < 0);
		if (p[0].revents && !take_request(c))
			return;
	}
}
