#include "initrd/nfs/oncrpc.h"

#include "initrd/clock.h"

#include <errno.h>
#include <linux/in6.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LAST_FRAGMENT 0x80000000u

void oncrpc_put(struct oncrpc_message *message, uint32_t word)
{
	message->word[message->n++] = htonl(word);
}

uint32_t oncrpc_get(const struct oncrpc_message *message, unsigned int i)
{
	return i < message->n ? ntohl(message->word[i]) : 0;
}

static int wait_for(int fd, short events, uint64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = events };
	uint64_t now = clock_ms();
	int n = poll(&p, 1, now < deadline ? (int)(deadline - now) : 0);

	if (n < 0)
		return -errno;
	return n == 0 ? -ETIMEDOUT : 0;
}

int oncrpc_send(int fd, struct oncrpc_message *message)
{
	size_t size = sizeof(message->mark) + message->n * sizeof(message->word[0]);
	ssize_t n;

	message->mark = htonl(LAST_FRAGMENT | (message->n * sizeof(message->word[0])));
	/* Messages are small and the connection is idle: a whole one fits into the socket's buffer.
	 */
	n = send(fd, message, size, MSG_NOSIGNAL);
	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EAGAIN;
}

static int receive(int fd, void *to, size_t size, uint64_t deadline)
{
	for (size_t have = 0; have < size;) {
		ssize_t n = recv(fd, (char *)to + have, size - have, MSG_DONTWAIT);
		int error = n < 0 ? -errno : 0;

		if (n == 0)
			return -ECONNRESET;
		if (error == -EAGAIN)
			error = wait_for(fd, POLLIN, deadline);
		if (error)
			return error;
		have += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int oncrpc_receive(int fd, struct oncrpc_message *message, uint64_t deadline)
{
	int error = receive(fd, &message->mark, sizeof(message->mark), deadline);
	uint32_t mark = ntohl(message->mark), size = mark & ~LAST_FRAGMENT;

	if (error)
		return error;
	if (!(mark & LAST_FRAGMENT) || size % 4 != 0 || size > sizeof(message->word))
		return -EPROTO;
	message->n = size / 4;
	return receive(fd, message->word, size, deadline);
}

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t fill_address(union address *to, const struct xf_addr *from, uint16_t port)
{
	memset(to, 0, sizeof(*to));
	if (from->family == 6) {
		to->v6.sin6_family = AF_INET6;
		to->v6.sin6_port = htons(port);
		memcpy(&to->v6.sin6_addr, from->byte, 16);
		return sizeof(to->v6);
	}
	to->v4.sin_family = AF_INET;
	to->v4.sin_port = htons(port);
	memcpy(&to->v4.sin_addr, from->byte, 4);
	return sizeof(to->v4);
}

/* rpcbind and nfsd take a client with a port below 1024 for root; the range is that of
 * bindresvport(3). */
static int bind_reserved(int fd, uint8_t family)
{
	const struct xf_addr any = { .family = family };
	union address address;

	for (uint16_t port = 1023; port >= 600; port--) {
		socklen_t size = fill_address(&address, &any, port);

		if (bind(fd, &address.any, size) == 0)
			return 0;
		if (errno != EADDRINUSE)
			return -errno;
	}
	return -EADDRINUSE;
}

static int finish_connect(int fd, uint64_t deadline)
{
	int error = 0;
	socklen_t size = sizeof(error);
	int waited = wait_for(fd, POLLOUT, deadline);

	if (waited)
		return waited;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	return -error;
}

int oncrpc_connect(const struct xf_addr *server, uint16_t port, bool reserved, uint64_t deadline)
{
	union address address;
	socklen_t size = fill_address(&address, server, port);
	int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -errno;
	error = reserved ? bind_reserved(fd, server->family) : 0;
	if (!error && connect(fd, &address.any, size))
		error = errno == EINPROGRESS ? finish_connect(fd, deadline) : -errno;
	if (!error)
		return fd;
	close(fd);
	return error;
}

int oncrpc_listen(const struct xf_addr *address, uint16_t port)
{
	union address a;
	socklen_t size = fill_address(&a, address, port);
	int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1, error;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &a.any, size) == 0 && listen(fd, 4) == 0)
		return fd;
	error = -errno;
	close(fd);
	return error;
}

/* xid, REPLY, MSG_ACCEPTED, an empty verifier, accept_stat */
void oncrpc_reply(struct oncrpc_message *reply, uint32_t xid, enum oncrpc_accept accept)
{
	const uint32_t head[] = { xid, ONCRPC_REPLY, 0, 0, 0, accept };

	reply->n = 0;
	for (unsigned int i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		oncrpc_put(reply, head[i]);
}

int oncrpc_call(int fd, const struct oncrpc_procedure *procedure, const uint32_t *arguments,
	unsigned int n, uint64_t deadline)
{
	static uint32_t last_xid;
	uint32_t xid = ++last_xid;
	const uint32_t head[] = { xid, ONCRPC_CALL, ONCRPC_VERSION, procedure->program,
		procedure->version, procedure->procedure, 0, 0, 0,
		0 }; /* AUTH_NONE: credentials and verifier, both empty */
	struct oncrpc_message message = { .n = 0 };
	int error;

	for (unsigned int i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		oncrpc_put(&message, head[i]);
	for (unsigned int i = 0; i < n; i++)
		oncrpc_put(&message, arguments[i]);
	error = oncrpc_send(fd, &message);
	if (!error)
		error = oncrpc_receive(fd, &message, deadline);
	if (error)
		return error;
	/* As in oncrpc_reply(). */
	if (message.n < 6 || oncrpc_get(&message, 0) != xid ||
		oncrpc_get(&message, 1) != ONCRPC_REPLY || oncrpc_get(&message, 2) != 0 ||
		oncrpc_get(&message, 4) != 0)
		return -EPROTO;
	return (int)oncrpc_get(&message, 5);
}
