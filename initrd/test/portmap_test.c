/* The portmapper: its answers, and a life of it in a network namespace, hand-over included. */
#include "initrd/nfs/portmap.h"

#include "initrd/clock.h"
#include "initrd/test/fake.h"
#include "initrd/test/netns.h"
#include "lib/test/tap.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NULL_CALL, SET, UNSET, GETPORT, DUMP };

/* A call as a message, with credentials of so many bytes. */
static struct oncrpc_message call(
	uint32_t program, uint32_t version, uint32_t procedure, uint32_t credentials)
{
	struct oncrpc_message m = { .n = 0 };
	const uint32_t head[] = { 77, ONCRPC_CALL, ONCRPC_VERSION, program, version, procedure, 1,
		credentials };

	for (unsigned int i = 0; i < 8; i++)
		oncrpc_put(&m, head[i]);
	for (unsigned int i = 0; i < (credentials + 3) / 4; i++)
		oncrpc_put(&m, 0xffffffff);
	oncrpc_put(&m, 0);
	oncrpc_put(&m, 0);
	return m;
}

/* Ask for a procedure with a mapping. Returns its result, or minus what was said instead. */
static int ask(
	struct portmap *p, uint32_t procedure, uint32_t program, uint32_t protocol, uint32_t port)
{
	struct oncrpc_message m = call(100000, 2, procedure, 21), reply;

	oncrpc_put(&m, program);
	oncrpc_put(&m, 4);
	oncrpc_put(&m, protocol);
	oncrpc_put(&m, port);
	if (!portmap_answer(p, &m, &reply) || oncrpc_get(&reply, 0) != 77)
		return -100;
	return oncrpc_get(&reply, 5) ? -(int)oncrpc_get(&reply, 5) : (int)oncrpc_get(&reply, 6);
}

static void test_answers(void)
{
	struct portmap p = { .n = 0 };
	unsigned int i = 0;

	CHECK(ask(&p, GETPORT, 100021, 6, 0) == 0, "nothing is registered");
	CHECK(ask(&p, SET, 100021, 6, 4000) == 1 && ask(&p, SET, 100021, 17, 4001) == 1, "SET");
	CHECK(ask(&p, GETPORT, 100021, 17, 0) == 4001, "GETPORT goes by protocol");
	CHECK(ask(&p, SET, 100021, 6, 4000) == 1, "the same again");
	CHECK(ask(&p, SET, 100021, 6, 5000) == 0, "another port for the same is refused");
	CHECK(ask(&p, UNSET, 100021, 0, 0) == 1 && ask(&p, GETPORT, 100021, 6, 0) == 0,
		"UNSET takes all protocols");
	CHECK(ask(&p, UNSET, 100021, 0, 0) == 0, "there is nothing more to unset");
	CHECK(ask(&p, DUMP, 0, 0, 0) == -ONCRPC_PROC_UNAVAIL, "what it does not know it says");
	while (ask(&p, SET, 200000 + i, 6, 1000) == 1)
		i++;
	CHECK(i == PORTMAP_MAX, "as many as there is room for");
}

static void test_messages(void)
{
	struct portmap p = { .n = 0 };
	struct oncrpc_message m = call(100000, 4, 0, 0), reply;

	CHECK(portmap_answer(&p, &m, &reply) && oncrpc_get(&reply, 5) == ONCRPC_PROG_MISMATCH &&
			oncrpc_get(&reply, 6) == 2 && reply.n == 8,
		"rpcbind version 4: only 2");
	m = call(100003, 2, 0, 0);
	CHECK(portmap_answer(&p, &m, &reply) && oncrpc_get(&reply, 5) == ONCRPC_PROG_UNAVAIL,
		"another program");
	m = call(100000, 2, 0, 400);
	CHECK(portmap_answer(&p, &m, &reply) && oncrpc_get(&reply, 5) == ONCRPC_SUCCESS &&
			reply.n == 6,
		"NULL with the longest credentials");
	m = call(100000, 2, SET, 0);
	CHECK(portmap_answer(&p, &m, &reply) && oncrpc_get(&reply, 5) == ONCRPC_GARBAGE_ARGS,
		"SET of nothing");
	m = call(100000, 2, 0, 404);
	CHECK(!portmap_answer(&p, &m, &reply), "credentials too long");
	m = call(100000, 2, 0, 8);
	m.word[7] = 0xffffffff;
	CHECK(!portmap_answer(&p, &m, &reply), "a length that would wrap around");
	m.n = 7;
	CHECK(!portmap_answer(&p, &m, &reply), "a message that ends early");
	m.n = 0;
	CHECK(!portmap_answer(&p, &m, &reply), "an empty message");
}

static int call_port_111(uint32_t procedure, uint32_t protocol, uint32_t port)
{
	const struct xf_addr loopback = { 4, { 127, 0, 0, 1 } };
	const struct oncrpc_procedure p = { 100000, 2, procedure };
	const uint32_t mapping[] = { 100021, 4, protocol, port };
	uint64_t deadline = clock_ms() + 2000;
	int fd = oncrpc_connect(&loopback, 111, false, deadline);
	int reply;

	if (fd < 0)
		return fd;
	reply = oncrpc_call(fd, &p, mapping, 4, deadline);
	close(fd);
	return reply;
}

/* A PID 1 that starts the portmapper and executes something else at once, or after a second. */
static pid_t start_system(const struct xf_cmdline *cmdline, const char *seconds)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (portmap_start(cmdline) == 0) {
			sleep(1);
			execlp("sleep", "sleep", seconds, (char *)NULL);
		}
		_exit(1);
	}
	usleep(200 * 1000);
	return pid;
}

/* What the system's rpcbind would hear: the first SET that comes to port 111. */
static bool hears_set(uint32_t port)
{
	const struct xf_addr loopback = { 4, { 127, 0, 0, 1 } };
	struct portmap p = { .n = 0 };
	struct oncrpc_message message, reply;
	int listener = -1, fd;
	bool more = true;

	for (unsigned int i = 0; i < 50 && listener < 0; i++) {
		usleep(100 * 1000);
		listener = oncrpc_listen(&loopback, 111);
	}
	if (listener < 0)
		return false;
	fd = accept(listener, NULL, NULL);
	while (more)
		more = oncrpc_receive(fd, &message, clock_ms() + 5000) == 0 &&
		       portmap_answer(&p, &message, &reply) && oncrpc_send(fd, &reply) == 0;
	close(fd);
	close(listener);
	return p.n == 2 && ask(&p, GETPORT, 100021, 6, 0) == (int)port;
}

static void test_life(void)
{
	struct xf_cmdline cmdline = { .share_vers = "3", .share_options = "lock" };
	struct xf_cmdline v4 = { .share_options = "lock" };
	pid_t system_pid;

	netns_fresh();
	CHECK(netns_run("ip link set lo up"), "a network");
	CHECK(portmap_start(&v4) == 0 && call_port_111(NULL_CALL, 0, 0) == -ECONNREFUSED,
		"none without NFSv3 and locks");
	system_pid = start_system(&cmdline, "20");
	CHECK(call_port_111(NULL_CALL, 0, 0) == ONCRPC_SUCCESS, "it answers on port 111");
	CHECK(call_port_111(SET, 6, 4000) == ONCRPC_SUCCESS &&
			call_port_111(SET, 17, 4001) == ONCRPC_SUCCESS,
		"and takes mappings");
	CHECK(portmap_start(&cmdline) == 0, "starting it again finds it there");
	CHECK(hears_set(4000), "after exec it leaves the port, and tells rpcbind what it knows");
	kill(system_pid, SIGKILL);
	waitpid(system_pid, NULL, 0);
}

int main(void)
{
	const char *reason = netns_enter();

	test_answers();
	test_messages();
	if (reason)
		printf("ok %d - its life # SKIP %s\n", ++tap_count, reason);
	else
		test_life();
	netns_leave();
	return tap_done();
}
