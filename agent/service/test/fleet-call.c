/*
 * fleet-call [-p PORT] [-s SOURCE] [-P SOURCE-PORT] [-v VERSION] [-u UUID] [-t SECONDS] ADDRESS
 * NAME COMMAND calls an agent, by libtirpc's client, which is not what xenfarm has: two that agree
 * understand the standard. COMMAND: null, status, conflicts, reconcile [TIMES], message ID FROM
 * TEXT, preview N. Or, in place of NAME COMMAND: "raw HEX…", which sends each word's bytes, with a
 * pause between, and prints the hexadecimal digits of what comes back, then "closed" or "open".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fleet/fleet.h"

static const char *const results[] = { "ok", "already", "not me", "working", "no report", "refused",
	"failed" };
static struct timeval limit = { .tv_sec = 5 };

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "fleet-call: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Returns an fd, or -1 if this port cannot be had now. */
static int try_port(const struct sockaddr_in *to, struct sockaddr_in *from, int source_port)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	from->sin_port = htons((uint16_t)source_port);
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
		bind(fd, (struct sockaddr *)from, sizeof(*from)) == 0 &&
		connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0)
		return fd;
	if (errno != EADDRINUSE && errno != EADDRNOTAVAIL)
		die("connect");
	close(fd);
	return -1;
}

/* From any reserved port, unless one is wanted. */
static int connect_to(const char *address, int port, const char *source, int source_port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) },
			   from = { .sin_family = AF_INET };
	int fd = -1;

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1 ||
		inet_pton(AF_INET, source, &from.sin_addr) != 1)
		die("address");
	if (source_port)
		fd = try_port(&to, &from, source_port);
	for (int i = 0; !source_port && fd < 0 && i < 512; i++)
		fd = try_port(&to, &from, 512 + (getpid() + i) % 512);
	if (fd < 0)
		die("port");
	return fd;
}

static int print(const fleet_target *self, fleet_result result, const char *why)
{
	printf("%s %s: %s%s%s\n", self->name, self->uuid, results[result], *why ? ": " : "", why);
	return result == FLEET_OK ? 0 : 10 + (int)result;
}

/* 0, 10 + its result, or 3: the call failed. */
static int call(CLIENT *client, rpcproc_t procedure, xdrproc_t takes, void *argument,
	xdrproc_t gives, void *reply)
{
	if (clnt_call(client, procedure, takes, argument, gives, reply, limit) == RPC_SUCCESS)
		return 0;
	clnt_perror(client, "fleet-call");
	return 3;
}

static bool_t nothing(XDR *xdr, ...)
{
	(void)xdr;
	return TRUE;
}

static int status(CLIENT *client, fleet_target *target)
{
	fleet_status_reply r = { 0 };
	const fleet_status *s = &r.answer.fleet_status_answer_u.status;
	int rc = call(client, FLEET_STATUS, (xdrproc_t)xdr_fleet_target, target,
		(xdrproc_t)xdr_fleet_status_reply, &r);

	if (rc)
		return rc;
	if (fleet_check_status_reply(&r))
		die(fleet_check_status_reply(&r));
	if (r.answer.result != FLEET_OK)
		return print(&r.self, r.answer.result, r.answer.fleet_status_answer_u.why);
	print(&r.self, FLEET_OK, "");
	printf("share=%s\ngeneration=%u\navailable=%u\nrolled_back=%u\npinned=%d\nchannel=%s\n"
	       "kernel=%s\nkernel_next=%s\nreboot=%d\nconflicts=%u\ndeferred=%u\nrestarts=%u\n"
	       "unfinished=%d\nresult=%d\nrun=%lld\nreported=%lld\nup_since=%lld\nagent=%s\n",
		s->share, s->generation, s->available, s->rolled_back, s->pinned, s->channel,
		s->kernel, s->kernel_next, s->reboot, s->conflicts, s->deferred, s->restarts,
		s->unfinished, s->result, (long long)s->run, (long long)s->reported,
		(long long)s->up_since, s->agent);
	return 0;
}

static void print_digest(const fleet_digest *d)
{
	printf(" ");
	for (u_int i = 0; i < d->fleet_digest_len && i < 4; i++)
		printf("%02x", (unsigned char)d->fleet_digest_val[i]);
	if (d->fleet_digest_len == 0)
		printf("-");
}

static int conflicts(CLIENT *client, fleet_target *target)
{
	fleet_conflicts_reply r = { 0 };
	const fleet_conflicts *c = &r.answer.fleet_conflicts_answer_u.conflicts;
	int rc = call(client, FLEET_CONFLICTS, (xdrproc_t)xdr_fleet_target, target,
		(xdrproc_t)xdr_fleet_conflicts_reply, &r);

	if (rc)
		return rc;
	if (fleet_check_conflicts_reply(&r))
		die(fleet_check_conflicts_reply(&r));
	if (r.answer.result != FLEET_OK)
		return print(&r.self, r.answer.result, r.answer.fleet_conflicts_answer_u.why);
	printf("%u conflicts\n", c->total);
	for (u_int i = 0; i < c->list.list_len; i++) {
		const fleet_conflict *x = &c->list.list_val[i];

		printf("%s %s %u", x->kind, x->path, x->generation);
		print_digest(&x->base);
		print_digest(&x->local);
		print_digest(&x->offered);
		printf(" %s\n", x->place);
	}
	return 0;
}

static int reconcile(CLIENT *client, fleet_target *target, int times)
{
	int rc = 0;

	while (rc == 0 && times--) {
		fleet_reply r = { 0 };

		rc = call(client, FLEET_RECONCILE, (xdrproc_t)xdr_fleet_target, target,
			(xdrproc_t)xdr_fleet_reply, &r);
		if (rc == 0)
			print(&r.self, r.result, r.why);
	}
	return rc;
}

static int message(CLIENT *client, fleet_target *target, char **word)
{
	fleet_message m = { *target, word[0], word[1], 0, word[2] };
	fleet_reply r = { 0 };
	int rc = call(client, FLEET_MESSAGE, (xdrproc_t)xdr_fleet_message, &m,
		(xdrproc_t)xdr_fleet_reply, &r);

	return rc ? rc : print(&r.self, r.result, r.why);
}

static int preview(CLIENT *client, fleet_target *target, const char *generation)
{
	fleet_preview_call c = { *target, (unsigned int)atoi(generation) };
	fleet_preview_reply r = { 0 };
	const fleet_preview *p = &r.answer.fleet_preview_answer_u.preview;
	int rc = call(client, FLEET_PREVIEW, (xdrproc_t)xdr_fleet_preview_call, &c,
		(xdrproc_t)xdr_fleet_preview_reply, &r);

	if (rc)
		return rc;
	if (fleet_check_preview_reply(&r))
		die(fleet_check_preview_reply(&r));
	if (r.answer.result != FLEET_OK)
		return print(&r.self, r.answer.result, r.answer.fleet_preview_answer_u.why);
	printf("generation=%u\nfrom=%u\nupdated=%u\nremoved=%u\nconflicts=%u\nconflicts_new=%u\n"
	       "deferred=%u\nrestarts=%u\nreboot=%d\nkernel=%s\ntotal=%u\n",
		p->generation, p->from, p->updated, p->removed, p->conflicts, p->conflicts_new,
		p->deferred, p->restarts, p->reboot, p->kernel, p->total);
	for (u_int i = 0; i < p->list.list_len; i++)
		printf("%s %s\n", p->list.list_val[i].action, p->list.list_val[i].path);
	return 0;
}

static int server(CLIENT *client, fleet_target *target)
{
	fleet_server_reply r = { 0 };
	int rc = call(client, FLEET_SERVER, (xdrproc_t)xdr_fleet_target, target,
		(xdrproc_t)xdr_fleet_server_reply, &r);

	if (rc)
		return rc;
	if (fleet_check_server_reply(&r))
		die(fleet_check_server_reply(&r));
	return print(&r.self, r.result, r.server);
}

static size_t bytes_of(const char *hex, unsigned char *out, size_t size)
{
	size_t n = 0;

	for (unsigned int byte; n < size && sscanf(hex, "%2x", &byte) == 1; hex += 2)
		out[n++] = (unsigned char)byte;
	return n;
}

static int raw(int fd, char **word)
{
	static unsigned char bytes[1 << 20];
	ssize_t n = 1;

	for (; *word; word++) {
		size_t size = bytes_of(*word, bytes, sizeof(bytes));

		if (send(fd, bytes, size, MSG_NOSIGNAL) < 0)
			break;
		usleep(50000);
	}
	while (n > 0 && poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, (int)limit.tv_sec * 1000) > 0) {
		n = recv(fd, bytes, sizeof(bytes), 0);
		for (ssize_t i = 0; i < n; i++)
			printf("%02x", bytes[i]);
	}
	puts(n <= 0 ? " closed" : " open");
	return 0;
}

static int run(int fd, const char *address, int port, int version, fleet_target *target,
	char **word, int words)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct netbuf where = { sizeof(to), sizeof(to), &to };
	CLIENT *client;

	inet_pton(AF_INET, address, &to.sin_addr);
	client = clnt_vc_create(fd, &where, FLEET_PROGRAM, (rpcvers_t)version, 0, 0);
	if (!client) {
		clnt_pcreateerror("fleet-call");
		return 3;
	}
	if (strcmp(word[0], "null") == 0)
		return call(client, FLEET_NULL, nothing, NULL, nothing, NULL);
	if (strcmp(word[0], "status") == 0)
		return status(client, target);
	if (strcmp(word[0], "conflicts") == 0)
		return conflicts(client, target);
	if (strcmp(word[0], "reconcile") == 0)
		return reconcile(client, target, words > 1 ? atoi(word[1]) : 1);
	if (strcmp(word[0], "message") == 0 && words == 4)
		return message(client, target, word + 1);
	if (strcmp(word[0], "server") == 0)
		return server(client, target);
	if (strcmp(word[0], "preview") == 0 && words == 2)
		return preview(client, target, word[1]);
	return 2;
}

int main(int argc, char **argv)
{
	const char *source = "0.0.0.0"; /* the address of the way there */
	fleet_target target = { (char *)"", (char *)"" };
	int port = FLEET_PORT, source_port = 0, version = FLEET_VERSION, option;

	while ((option = getopt(argc, argv, "+p:s:P:v:u:t:")) != -1)
		switch (option) {
		case 'p':
			port = atoi(optarg);
			break;
		case 's':
			source = optarg;
			break;
		case 'P':
			source_port = atoi(optarg);
			break;
		case 'v':
			version = atoi(optarg);
			break;
		case 'u':
			target.uuid = optarg;
			break;
		case 't':
			limit.tv_sec = atoi(optarg);
			break;
		default:
			return 2;
		}
	if (argc - optind < 3)
		return 2;
	int fd = connect_to(argv[optind], port, source, source_port);
	target.name = argv[optind + 1];
	if (strcmp(target.name, "raw") == 0)
		return raw(fd, argv + optind + 2);
	option =
		run(fd, argv[optind], port, version, &target, argv + optind + 2, argc - optind - 2);
	/* What libtirpc's client has allocated goes with the process: it is one call. */
	fflush(stdout);
	_exit(option);
}
