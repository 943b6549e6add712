/* Questions to agents that answer, that do not, and that lie; in a network of this test's own. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "farm/fleet/ask.h"
#include "lib/cleanup.h"

#define PORT   8650
#define LIMIT  1000 /* bytes of an answer */
#define LONG   60000
#define SHORT  300
#define ANSWER 42

static const struct ask_procedure procedure = { .program = 0x20586601,
	.version = 1,
	.number = 1,
	.port = PORT,
	.encode = (xdrproc_t)xdr_u_int,
	.decode = (xdrproc_t)xdr_u_int,
	.answer_max = LIMIT };

/* A network with "lo" alone, where reserved ports can be used without being root outside. */
static bool make_network(void)
{
	int flags = geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET;
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	AUTO_CLOSE int fd = -1;

	if (unshare(flags) < 0)
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
}

/* --- agents --- */

struct agent {
	struct in_addr address;
	void (*speak)(int fd, uint32_t xid);
	int listener;
	pthread_t thread;
	unsigned int port; /* that it was asked from */
};

static void put(int fd, const void *data, size_t n)
{
	if (send(fd, data, n, MSG_NOSIGNAL) < 0)
		return; /* that it was not read is what the test is about */
}

/* Words of a record, after its mark. */
static void put_words(int fd, const uint32_t *word, size_t n)
{
	uint32_t record[64] = { htonl(0x80000000u | (uint32_t)n * 4) };

	for (size_t i = 0; i < n; i++)
		record[i + 1] = htonl(word[i]);
	put(fd, record, (n + 1) * 4);
}
#define PUT(fd, ...)                                                  \
	do {                                                          \
		const uint32_t words[] = { __VA_ARGS__ };             \
		put_words(fd, words, sizeof(words) / sizeof(*words)); \
	} while (0)

/* REPLY, accepted, no verifier, success */
#define GOOD(xid) xid, 1, 0, 0, 0, 0, ANSWER

/* Closes fd. */
static void serve_call(struct agent *a, int fd)
{
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	uint32_t call[32];

	if (getpeername(fd, (struct sockaddr *)&from, &size) == 0)
		a->port = ntohs(from.sin_port);
	if (recv(fd, call, 4, MSG_WAITALL) == 4 &&
		recv(fd, call + 1, ntohl(call[0]) & 0xffff, MSG_WAITALL) > 0)
		a->speak(fd, ntohl(call[1]));
	close(fd);
}

static void *serve(void *argument)
{
	struct agent *a = argument;
	int fd = accept4(a->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0)
		serve_call(a, fd);
	return NULL;
}

static void agent_start(struct agent *a, unsigned int number, void (*speak)(int, uint32_t))
{
	static const int on = 1;
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(PORT) };

	at.sin_addr.s_addr = htonl(number);
	*a = (struct agent){ .address = at.sin_addr, .speak = speak };
	a->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(a->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(a->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(a->listener, 100), 0);
	if (speak)
		assert_int_equal(pthread_create(&a->thread, NULL, serve, a), 0);
}

static void agent_stop(struct agent *a)
{
	if (a->speak)
		pthread_join(a->thread, NULL);
	close(a->listener);
}

static struct ask_call call_of(struct in_addr address, unsigned int *result)
{
	static unsigned int argument = 7;

	*result = 0;
	return (struct ask_call){ .address = address, .arguments = &argument, .result = result };
}

/* Ask one agent that speaks so. */
static struct ask_call ask(
	void (*speak)(int, uint32_t), unsigned int milliseconds, unsigned int *result)
{
	struct agent agent;
	struct ask_call call;

	agent_start(&agent, INADDR_LOOPBACK, speak);
	call = call_of(agent.address, result);
	assert_int_equal(ask_all(&procedure, &call, 1, milliseconds), 0);
	agent_stop(&agent);
	return call;
}

static void assert_lie(void (*speak)(int, uint32_t), const char *rule)
{
	unsigned int result;
	struct ask_call call = ask(speak, LONG, &result);

	assert_int_equal(call.outcome, ASK_LIES);
	assert_string_equal(call.rule, rule);
}

/* --- answers --- */

static void speak_well(int fd, uint32_t xid)
{
	PUT(fd, GOOD(xid));
}

static void speak_in_fragments(int fd, uint32_t xid)
{
	const uint32_t words[] = { htonl(12), htonl(xid), htonl(1), 0, htonl(4), 0,
		htonl(0x8000000c), 0, 0, htonl(ANSWER) };
	const char *bytes = (const char *)words;

	for (size_t i = 0; i < sizeof(words); i++) {
		put(fd, bytes + i, 1);
		usleep(500);
	}
}

static void speak_twice(int fd, uint32_t xid)
{
	PUT(fd, GOOD(xid));
	PUT(fd, xid, 1, 0, 0, 0, 0, 99);
}

static void test_answers(void **state)
{
	void (*const speaks[])(int, uint32_t) = { speak_well, speak_in_fragments, speak_twice };
	unsigned int result;

	(void)state;
	for (size_t i = 0; i < sizeof(speaks) / sizeof(*speaks); i++) {
		struct ask_call call = ask(speaks[i], LONG, &result);

		assert_int_equal(call.outcome, ASK_ANSWERED);
		assert_int_equal(result, ANSWER);
		assert_string_equal(ask_explain(&procedure, &call).text, "");
	}
}

static void test_reserved_port(void **state)
{
	struct agent agent;
	struct ask_call call;
	unsigned int result;

	(void)state;
	agent_start(&agent, INADDR_LOOPBACK, speak_well);
	call = call_of(agent.address, &result);
	assert_int_equal(ask_all(&procedure, &call, 1, LONG), 0);
	agent_stop(&agent);
	assert_in_range(agent.port, 512, 1023);
}

/* --- lies --- */

static void speak_of_gigabytes(int fd, uint32_t xid)
{
	const uint32_t mark = htonl(0xffffffff);

	(void)xid;
	put(fd, &mark, 4);
}

static void speak_without_end(int fd, uint32_t xid)
{
	char fragment[104] = { 0, 0, 0, 100 };

	(void)xid;
	for (int i = 0; i < 100; i++)
		put(fd, fragment, sizeof(fragment));
}

static void speak_nothing(int fd, uint32_t xid)
{
	const uint32_t marks[] = { 0, 0, 0 };

	(void)xid;
	put(fd, marks, sizeof(marks));
}

static void speak_again(int fd, uint32_t xid)
{
	PUT(fd, GOOD(xid + 1));
}

static void speak_as_caller(int fd, uint32_t xid)
{
	PUT(fd, xid, 0, 2, 0x20586601, 1, 1, 0, 0, 0, 0);
}

static void speak_with_verifier(int fd, uint32_t xid)
{
	PUT(fd, xid, 1, 0, 1, 0x7fffffff, 0, ANSWER);
}

static void speak_too_long(int fd, uint32_t xid)
{
	PUT(fd, GOOD(xid), 1);
}

static void speak_too_short(int fd, uint32_t xid)
{
	PUT(fd, xid, 1, 0, 0, 0, 0);
}

static void speak_bytes(int fd, uint32_t xid)
{
	(void)xid;
	put(fd, "\200\0\0\5HTTP/", 9);
}

static void test_lies(void **state)
{
	(void)state;
	assert_lie(speak_of_gigabytes, "is longer than answers may be");
	assert_lie(speak_without_end, "is longer than answers may be");
	assert_lie(speak_nothing, "has an empty fragment");
	assert_lie(speak_again, "belongs to another question");
	assert_lie(speak_as_caller, "is not a reply of ONC RPC");
	assert_lie(speak_with_verifier, "is not a reply of ONC RPC");
	assert_lie(speak_too_long, "is longer than it should be");
	assert_lie(speak_too_short, "is not what was asked for");
	assert_lie(speak_bytes, "is not a reply of ONC RPC");
}

/* --- other versions, other programs --- */

static void speak_older(int fd, uint32_t xid)
{
	PUT(fd, xid, 1, 0, 0, 0, 2, 0, 0);
}

static void speak_newer(int fd, uint32_t xid)
{
	PUT(fd, xid, 1, 0, 0, 0, 2, 2, 3);
}

static void speak_other_program(int fd, uint32_t xid)
{
	PUT(fd, xid, 1, 0, 0, 0, 1);
}

static void speak_without_procedure(int fd, uint32_t xid)
{
	PUT(fd, xid, 1, 0, 0, 0, 3);
}

static void speak_denial(int fd, uint32_t xid)
{
	PUT(fd, xid, 1, 1, 1, 5);
}

static void assert_explained(
	void (*speak)(int, uint32_t), enum ask_outcome outcome, const char *text)
{
	unsigned int result;
	struct ask_call call = ask(speak, LONG, &result);

	assert_int_equal(call.outcome, outcome);
	assert_string_equal(ask_explain(&procedure, &call).text, text);
}

static void test_others(void **state)
{
	(void)state;
	assert_explained(speak_older, ASK_VERSION, "agent speaks version 0 to 0; this xenfarm 1");
	assert_explained(speak_newer, ASK_VERSION, "agent speaks version 2 to 3; this xenfarm 1");
	assert_explained(speak_other_program, ASK_DENIED, "has another program on this port");
	assert_explained(speak_without_procedure, ASK_DENIED, "does not know this question");
	assert_explained(speak_denial, ASK_DENIED, "denies the call");
}

/* --- no answer --- */

static void speak_late(int fd, uint32_t xid)
{
	usleep(2 * SHORT * 1000);
	PUT(fd, GOOD(xid));
}

static void speak_half(int fd, uint32_t xid)
{
	const uint32_t words[] = { htonl(0x8000001c), htonl(xid) };

	put(fd, words, sizeof(words));
}

static void speak_and_wait(int fd, uint32_t xid)
{
	speak_half(fd, xid);
	usleep(2 * SHORT * 1000);
}

static void hang_up(int fd, uint32_t xid)
{
	(void)fd;
	(void)xid;
}

static void test_no_answer(void **state)
{
	void (*const late[])(int, uint32_t) = { speak_late, speak_and_wait, NULL };
	unsigned int result;
	struct ask_call call;

	(void)state;
	for (size_t i = 0; i < sizeof(late) / sizeof(*late); i++) {
		call = ask(late[i], SHORT, &result);
		assert_int_equal(call.outcome, ASK_SILENT);
		assert_in_range(call.milliseconds, SHORT, LONG);
		assert_int_equal(result, 0);
	}
	assert_explained(hang_up, ASK_REFUSED, "closed the connection");
	assert_explained(speak_half, ASK_REFUSED, "closed the connection");
	call = call_of((struct in_addr){ htonl(0x7f000001) }, &result);
	assert_int_equal(ask_all(&procedure, &call, 1, LONG), 0);
	assert_int_equal(call.outcome, ASK_REFUSED);
	assert_string_equal(ask_explain(&procedure, &call).text, "no agent listens");
}

/* --- many --- */

#define AGENTS 90

/* Each third says nothing: those beside it are answered, and nobody is waited for twice. */
static void test_many(void **state)
{
	struct agent agent[AGENTS];
	struct ask_call call[AGENTS];
	unsigned int result[AGENTS];
	struct timespec from, to;

	(void)state;
	for (unsigned int i = 0; i < AGENTS; i++) {
		agent_start(&agent[i], INADDR_LOOPBACK + i, i % 3 ? speak_well : NULL);
		call[i] = call_of(agent[i].address, &result[i]);
	}
	clock_gettime(CLOCK_MONOTONIC, &from);
	assert_int_equal(ask_all(&procedure, call, AGENTS, 10 * SHORT), 0);
	clock_gettime(CLOCK_MONOTONIC, &to);
	for (unsigned int i = 0; i < AGENTS; i++) {
		agent_stop(&agent[i]);
		assert_int_equal(call[i].outcome, i % 3 ? ASK_ANSWERED : ASK_SILENT);
		assert_int_equal(result[i], i % 3 ? ANSWER : 0);
	}
	assert_in_range(to.tv_sec - from.tv_sec, 2, 20);
}

/* Answers on all addresses, one call after the other. */
static void *serve_all(void *argument)
{
	struct agent *a = argument;
	int fd;

	while ((fd = accept4(a->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		serve_call(a, fd);
	return NULL;
}

/* More agents than descriptors: the last one in the test, which cannot raise its limit again. */
static void test_few_descriptors(void **state)
{
	const struct rlimit few = { 128, 128 };
	struct agent agent;
	struct ask_call call[4 * AGENTS];
	unsigned int result[4 * AGENTS];

	(void)state;
	agent_start(&agent, INADDR_ANY, NULL);
	agent.speak = speak_well;
	assert_int_equal(pthread_create(&agent.thread, NULL, serve_all, &agent), 0);
	for (unsigned int i = 0; i < 4 * AGENTS; i++)
		call[i] = call_of((struct in_addr){ htonl(0x7f000001 + i) }, &result[i]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(ask_all(&procedure, call, 4 * AGENTS, LONG), 0);
	shutdown(agent.listener, SHUT_RDWR);
	agent_stop(&agent);
	for (unsigned int i = 0; i < 4 * AGENTS; i++)
		assert_int_equal(call[i].outcome, ASK_ANSWERED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_reserved_port),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_few_descriptors),
	};

	if (!make_network()) {
		puts("1..0 # SKIP no network namespace can be made");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
