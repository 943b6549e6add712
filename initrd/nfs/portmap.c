#include "initrd/nfs/portmap.h"

#include "initrd/clock.h"
#include "initrd/fail.h"
#include "initrd/log.h"
#include "initrd/nfs/nfs.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORTMAP_PORT    111
#define PORTMAP_PROGRAM 100000
#define PORTMAP_VERSION 2
#define CLIENTS_MAX     4
#define MESSAGE_MS      1000         /* for the rest of a message that has begun */
#define RPCBIND_MS      (300 * 1000) /* how long the system may take to start its rpcbind */
#define RETRY_MS        1000

enum { PMAP_NULL, PMAP_SET, PMAP_UNSET, PMAP_GETPORT };

static const struct xf_addr loopback = { 4, { 127, 0, 0, 1 } };

static unsigned int find(
	const struct portmap *portmap, uint32_t program, uint32_t version, uint32_t protocol)
{
	unsigned int i = 0;

	while (i < portmap->n &&
		(portmap->map[i].program != program || portmap->map[i].version != version ||
			(protocol && portmap->map[i].protocol != protocol)))
		i++;
	return i;
}

static uint32_t set(struct portmap *portmap, uint32_t program, uint32_t version, uint32_t protocol,
	uint32_t port)
{
	unsigned int i = find(portmap, program, version, protocol);

	if (i < portmap->n)
		return portmap->map[i].port == port;
	if (i == PORTMAP_MAX)
		return 0;
	portmap->map[i].program = program;
	portmap->map[i].version = version;
	portmap->map[i].protocol = protocol;
	portmap->map[i].port = port;
	portmap->n++;
	return 1;
}

/* RFC 1833: whatever the protocol. */
static uint32_t unset(struct portmap *portmap, uint32_t program, uint32_t version)
{
	uint32_t done = 0;
	unsigned int i;

	while ((i = find(portmap, program, version, 0)) < portmap->n) {
		portmap->map[i] = portmap->map[--portmap->n];
		done = 1;
	}
	return done;
}

/* Run a procedure with its arguments, the words from at on, and append its result. */
static enum oncrpc_accept run(struct portmap *portmap, uint32_t procedure,
	const struct oncrpc_message *call, unsigned int at, uint32_t *result)
{
	uint32_t program = oncrpc_get(call, at), version = oncrpc_get(call, at + 1);
	uint32_t protocol = oncrpc_get(call, at + 2), port = oncrpc_get(call, at + 3);
	unsigned int i;

	if (procedure > PMAP_GETPORT)
		return ONCRPC_PROC_UNAVAIL;
	if (procedure != PMAP_NULL && at + 4 > call->n)
		return ONCRPC_GARBAGE_ARGS;
	switch (procedure) {
	case PMAP_SET:
		*result = set(portmap, program, version, protocol, port);
		break;
	case PMAP_UNSET:
		*result = unset(portmap, program, version);
		break;
	case PMAP_GETPORT:
		i = find(portmap, program, version, protocol);
		*result = i < portmap->n ? portmap->map[i].port : 0;
		break;
	}
	return ONCRPC_SUCCESS;
}

bool portmap_answer(
	struct portmap *portmap, const struct oncrpc_message *call, struct oncrpc_message *reply)
{
	/* xid, CALL, RPC version, program, version, procedure, credentials, verifier, arguments */
	uint32_t version = oncrpc_get(call, 4), procedure = oncrpc_get(call, 5), result = 0;
	unsigned int verifier = 8 + (oncrpc_get(call, 7) + 3) / 4;
	unsigned int arguments = verifier + 2 + (oncrpc_get(call, verifier + 1) + 3) / 4;
	enum oncrpc_accept accept = ONCRPC_PROG_UNAVAIL;

	if (oncrpc_get(call, 7) > 400 || oncrpc_get(call, verifier + 1) > 400 ||
		arguments > call->n || oncrpc_get(call, 1) != ONCRPC_CALL ||
		oncrpc_get(call, 2) != ONCRPC_VERSION)
		return false;
	if (oncrpc_get(call, 3) == PORTMAP_PROGRAM)
		accept = version == PORTMAP_VERSION
				 ? run(portmap, procedure, call, arguments, &result)
				 : ONCRPC_PROG_MISMATCH;
	oncrpc_reply(reply, oncrpc_get(call, 0), accept);
	if (accept == ONCRPC_SUCCESS && procedure != PMAP_NULL)
		oncrpc_put(reply, result);
	if (accept == ONCRPC_PROG_MISMATCH) {
		oncrpc_put(reply, PORTMAP_VERSION); /* the lowest version, the highest */
		oncrpc_put(reply, PORTMAP_VERSION);
	}
	return true;
}

/* Register everything with the system's rpcbind. Returns 0 or -errno. */
static int pass_on(const struct portmap *portmap)
{
	const struct oncrpc_procedure call = { PORTMAP_PROGRAM, PORTMAP_VERSION, PMAP_SET };
	uint64_t deadline = clock_ms() + MESSAGE_MS;
	int fd = oncrpc_connect(&loopback, PORTMAP_PORT, true, deadline);
	int result = 0;

	if (fd < 0)
		return fd;
	for (unsigned int i = 0; result == ONCRPC_SUCCESS && i < portmap->n; i++)
		result = oncrpc_call(fd, &call, &portmap->map[i].program, 4, deadline);
	close(fd);
	return result;
}

/* One call from a client's connection. Returns false if that is to be closed. */
static bool serve(int fd, struct portmap *portmap)
{
	struct oncrpc_message call, reply;

	return oncrpc_receive(fd, &call, clock_ms() + MESSAGE_MS) == 0 &&
	       portmap_answer(portmap, &call, &reply) && oncrpc_send(fd, &reply) == 0;
}

/* Answer calls until the other end of the pipe is closed. */
static void serve_all(int listener, int pipe_end, struct portmap *portmap)
{
	/* poll() passes over slots whose fd is -1. */
	struct pollfd p[2 + CLIENTS_MAX] = { { pipe_end, 0, 0 }, { listener, POLLIN, 0 } };

	for (unsigned int i = 2; i < 2 + CLIENTS_MAX; i++)
		p[i] = (struct pollfd){ -1, POLLIN, 0 };
	while (!p[0].revents) {
		int *slot = NULL;

		for (unsigned int i = 2; i < 2 + CLIENTS_MAX; i++) {
			if (p[i].fd >= 0 && p[i].revents && !serve(p[i].fd, portmap)) {
				close(p[i].fd);
				p[i].fd = -1;
			}
			if (p[i].fd < 0)
				slot = &p[i].fd;
		}
		if (p[1].revents && slot)
			*slot = accept(listener, NULL, NULL);
		p[1].events = slot ? POLLIN : 0;
		poll(p, 2 + CLIENTS_MAX, -1);
	}
	for (unsigned int i = 2; i < 2 + CLIENTS_MAX; i++)
		close(p[i].fd);
}

/* What the child does; never returns. */
static void portmapper(int listener, int pipe_end) __attribute__((noreturn));
static void portmapper(int listener, int pipe_end)
{
	static struct portmap portmap;
	uint64_t deadline;

	/* It runs longer than xf-init: close everything that would keep files of the initramfs
	 * open. */
	for (int fd = 0; fd < 64; fd++)
		if (fd != listener && fd != pipe_end)
			close(fd);
	prctl(PR_SET_NAME, "xf-portmap");
	serve_all(listener, pipe_end, &portmap);
	close(listener);
	deadline = clock_ms() + RPCBIND_MS;
	while (pass_on(&portmap) != ONCRPC_SUCCESS && clock_ms() < deadline)
		poll(NULL, 0, RETRY_MS);
	_exit(0);
}

int portmap_start(const struct xf_cmdline *cmdline)
{
	int listener, ends[2];
	pid_t pid;

	if (!nfs_v3_locks(cmdline))
		return 0;
	listener = oncrpc_listen(&loopback, PORTMAP_PORT);
	if (listener == -EADDRINUSE) /* this step is run again after a failure: it runs already */
		return 0;
	if (listener < 0)
		return fail_note(listener, "is lo up?", "listening on 127.0.0.1, port 111");
	/* The other end, kept by process 1, is closed when it executes the real init. */
	if (pipe2(ends, O_CLOEXEC) || (pid = fork()) < 0)
		return fail_note(-errno, NULL, "starting the portmapper");
	if (pid == 0) {
		close(ends[1]);
		portmapper(listener, ends[0]);
	}
	close(ends[0]);
	close(listener);
	log_info("portmapper for NFSv3 locks is process %d", (int)pid);
	return 0;
}
