/* The search for a server, against real sockets in a network namespace of its own. */
#include "initrd/nfs/server.h"

#include "initrd/clock.h"
#include "initrd/nfs/oncrpc.h"
#include "initrd/test/fake.h"
#include "initrd/test/netns.h"
#include "lib/test/tap.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct xf_cmdline cmdline;
static struct server_search search;

static void begin(const char *servers, unsigned int timeout)
{
	static struct xf_problems problems;
	char text[256];
	int n = snprintf(text, sizeof(text), "xfnet=10.5.0.9/24:%s", servers);

	fake_reset();
	if (xf_cmdline_parse(text, (size_t)n, &cmdline, &problems)) {
		printf("Bail out! %s: %s\n", servers, problems.problem[0].what);
		exit(1);
	}
	cmdline.timeout = timeout;
	server_search_begin(&search, &cmdline);
}

enum manner { ANSWERS, OTHER_VERSION, OTHER_PROGRAM, NO_RPC, HANGS_UP, SILENT };

static void serve_one(int fd, enum manner manner)
{
	struct oncrpc_message call, reply;

	if (manner == HANGS_UP)
		return;
	if (manner == SILENT)
		pause();
	if (oncrpc_receive(fd, &call, clock_ms() + 5000))
		return;
	oncrpc_reply(&reply, oncrpc_get(&call, 0),
		manner == OTHER_VERSION   ? ONCRPC_PROG_MISMATCH
		: manner == OTHER_PROGRAM ? ONCRPC_PROG_UNAVAIL
					  : ONCRPC_SUCCESS);
	if (manner == OTHER_VERSION) {
		oncrpc_put(&reply, 3);
		oncrpc_put(&reply, 3);
	}
	if (manner == NO_RPC)
		reply.n = 3;
	oncrpc_send(fd, &reply);
}

/* A server at 10.5.0.LAST that begins after so many milliseconds. Returns its process. */
static pid_t serve(uint8_t last, enum manner manner, unsigned int delay)
{
	const struct xf_addr address = { 4, { 10, 5, 0, last } };
	int listener = delay ? -1 : oncrpc_listen(&address, 2049);
	pid_t pid = fork();

	if (pid == 0) {
		usleep(delay * 1000);
		if (delay)
			listener = oncrpc_listen(&address, 2049);
		for (;;) {
			int fd = accept(listener, NULL, NULL);

			if (fd < 0)
				_exit(1);
			serve_one(fd, manner);
			close(fd);
		}
	}
	close(listener);
	return pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void test_answers(void)
{
	pid_t a = serve(1, ANSWERS, 0), b = serve(2, OTHER_VERSION, 0);

	begin("10.5.0.1,10.5.0.2", 5);
	CHECK(server_search_next(&search) == 0, "the first server answers");
	CHECK(server_search_next(&search) == 1,
		"asked again: the next, which speaks another version");
	CHECK(server_search_next(&search) == 0, "and round again");
	CHECK(fake_logged("server 10.5.0.1 answers") == 1, "what is no news is not repeated");
	server_search_note(&search, 0, -EACCES);
	CHECK(server_search_next(&search) == 1 && server_search_next(&search) == 1,
		"one that gives no share is not asked again");
	server_search_note(&search, 1, -EIO);
	CHECK(server_search_next(&search) == 1, "one whose error may pass is");
	server_search_note(&search, 1, -ENOENT);
	CHECK(server_search_next(&search) == -ENOENT, "all given up: the last error");
	stop(a);
	stop(b);
}

static void test_second(void)
{
	pid_t b = serve(2, ANSWERS, 0);

	begin("10.5.0.1,10.5.0.2", 5);
	CHECK(server_search_next(&search) == 1, "the first refuses, the second answers");
	CHECK(fake_logged("server 10.5.0.1 refuses the connection") == 1, "and both is said");
	stop(b);
}

static void test_late(void)
{
	pid_t a = serve(1, ANSWERS, 700);

	begin("10.5.0.1", 10);
	CHECK(server_search_next(&search) == 0, "a server that comes up late");
	CHECK(fake_logged("refuses") == 1 && fake_logged("answers") == 1,
		"each state is said once");
	stop(a);
}

static const struct {
	const char *name, *server, *said;
	enum manner manner;
} useless[] = {
	{ "another service", "10.5.0.1", "10.5.0.1 answers, but not as an NFS server",
		OTHER_PROGRAM },
	{ "no RPC at all", "10.5.0.1", "10.5.0.1 answers, but not as an NFS server", NO_RPC },
	{ "one that closes the connection", "10.5.0.1", "10.5.0.1 closes the connection",
		HANGS_UP },
	{ "one that accepts and does not answer", "10.5.0.1", "10.5.0.1 does not answer", SILENT },
	{ "a firewall that drops", "10.5.0.1,10.66.0.1", "10.66.0.1 does not answer",
		OTHER_PROGRAM },
	{ "no route", "10.5.0.1,10.77.0.1", "10.77.0.1 cannot be reached: no route",
		OTHER_PROGRAM },
};

static void test_useless(void)
{
	for (size_t i = 0; i < sizeof(useless) / sizeof(useless[0]); i++) {
		pid_t a = serve(1, useless[i].manner, 0);
		uint64_t t = clock_ms();

		begin("10.5.0.1", 0);
		if (strchr(useless[i].server, ',')) {
			cmdline.net.nservers = 2;
			xf_addr_parse(strchr(useless[i].server, ',') + 1,
				strlen(strchr(useless[i].server, ',') + 1), &cmdline.net.server[1]);
		}
		CHECK(server_search_next(&search) == -ETIMEDOUT &&
				strstr(fake_object, useless[i].said),
			useless[i].name);
		if (!strstr(fake_object, useless[i].said))
			printf("# said: %s\n", fake_object);
		CHECK(clock_ms() - t < 3000, "in bounded time");
		stop(a);
	}
}

int main(void)
{
	const char *reason = netns_enter();

	if (reason) {
		printf("ok 1 - servers # SKIP %s\n1..1\n", reason);
		return 0;
	}
	netns_fresh();
	/* Behind a cable whose far end hears and says nothing: packets to 10.66.0.1 are lost. */
	CHECK(netns_run("ip link set lo up; ip addr add 10.5.0.1/24 dev lo; ip addr add "
			"10.5.0.2/24 dev lo") &&
			netns_cable("hole", 1) && netns_run("ip link set hole up") &&
			netns_far("ip link set far1 up") &&
			netns_run("ip addr add 10.66.0.9/24 dev hole") &&
			netns_run("ip neigh add 10.66.0.1 lladdr 02:00:00:00:00:99 dev hole"),
		"a network");
	test_answers();
	test_second();
	test_late();
	test_useless();
	netns_leave();
	return tap_done();
}
