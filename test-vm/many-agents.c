/*
 * many-agents [-p PORT] [-a] [-f ADDRESS] [-n NAME] COUNT [KIND=COUNT…]: clients that are not
 *there. Speaks xf-agentd's protocol, by xf-agentd's code, as COUNT agents on as many loopback
 *addresses from ADDRESS (127.64.0.1) on, in a process of its own; they are named NAME1, NAME2, …
 *(client). Prints "NAME ADDRESS KIND" for each, then "ready"; ends by a signal, and with its
 *parent. -a: callers may have any port; else those from 1024 on are not answered.
 *
 * The last of them are of these kinds; the others answer as they should:
 *	closed    the port is
 *	dropped   the connection is never made
 *	silent    the connection is made, and that is all
 *	reset     the connection is closed on a call
 *	late      the reply comes after 5 seconds
 *	slow      the reply comes byte by byte, one each second
 *	cut       the reply ends in the middle
 *	huge      the reply says that it is as long as can be
 *	endless   the reply never ends
 *	garbage   the reply is noise
 *	xid       the reply is for another call
 *	twice     the reply comes twice
 *	other     answers as "other", whoever is meant
 *	renamed   is called "renamed", and says that it is not meant
 *	control   has escapes and HTML in its texts
 *	old       knows versions that are older than ours; "new": that are newer
 *	blank     xf-agent left no report
 *	busy      the second call has no reply
 *	stuck     a run that is asked for never ends
 *	failing   it fails
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/service/call.h"
#include "agent/service/serve.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/fleet/record.h"

#define SECONDS_LATE 5
#define SHARE        "5e0f2c1e-1b1b-4a4a-9c9c-0123456789ab"

enum kind {
	GOOD,
	CLOSED,
	DROPPED,
	SILENT,
	RESET,
	LATE,
	SLOW,
	CUT,
	HUGE,
	ENDLESS,
	GARBAGE,
	XID,
	TWICE,
	OTHER,
	RENAMED,
	CONTROL,
	OLD,
	NEW,
	BLANK,
	BUSY,
	STUCK,
	FAILING,
	KINDS
};

static const char *const kinds[KINDS] = { "good", "closed", "dropped", "silent", "reset", "late",
	"slow", "cut", "huge", "endless", "garbage", "xid", "twice", "other", "renamed", "control",
	"old", "new", "blank", "busy", "stuck", "failing" };

struct agent {
	unsigned int number; /* from 1 */
	enum kind kind;
	char name[FLEET_NAME_MAX + 1], uuid[FLEET_UUID_MAX + 1];
	int asked;  /* it is to plan */
	time_t run; /* when the run that was asked for ends; 0: none */
	int calls;
};

static bool any_port;
static time_t started;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "many-agents: %s: %s\n", what, strerror(errno));
	exit(1);
}

static char *copy(const char *text)
{
	char *s = strdup(text);

	if (!s)
		die("memory");
	return s;
}

/* --- what an agent says --- */

static void say_who(const struct agent *a, fleet_target *self)
{
	bool other = a->kind == OTHER || a->kind == RENAMED;

	self->uuid = copy(other ? "" : a->uuid);
	self->name = copy(other ? kinds[a->kind] : a->name);
}

/* Is it meant? Else why is filled in. */
static fleet_result is_meant(const struct agent *a, const fleet_target *target, char **why)
{
	fleet_target self = { (char *)(uintptr_t)a->uuid, (char *)(uintptr_t)a->name };
	fleet_result r = FLEET_OK;

	if (fleet_check_target(target))
		r = FLEET_REFUSED;
	else if (a->kind != OTHER && (a->kind == RENAMED || !fleet_is_for(target, &self)))
		r = FLEET_NOT_ME;
	else if (a->kind == BLANK)
		r = FLEET_NO_REPORT;
	*why = r ? copy("") : NULL;
	return r;
}

static void fill_status(const struct agent *a, fleet_status *s)
{
	bool control = a->kind == CONTROL;
	bool ran = a->run && a->kind != STUCK && time(NULL) >= a->run;

	*s = (fleet_status){
		.share = copy(SHARE),
		.generation = a->number % 5 || (ran && a->kind != FAILING) ? 12 : 11,
		.available = 12,
		.channel = copy(a->number % 10 ? "live" : "canary"),
		.kernel = copy(control ? "<script>alert(1)</script>" : "6.1.0-41-amd64"),
		.kernel_next = copy(control         ? "6.1\033[2J"
				    : a->number % 7 ? "6.1.0-41-amd64"
						    : "6.1.0-42-amd64"),
		.reboot = a->number % 7 == 0,
		.conflicts = a->number % 4 == 0 ? 2 : 0,
		.deferred = a->number % 9 == 0,
		.restarts = a->number % 6 == 0 ? 3 : 0,
		.result = ran && a->kind == FAILING ? 30
			  : a->number % 4 == 0      ? 10
			  : a->number % 9 == 0      ? 11
						    : 0,
		.run = ran ? a->run : started - 60 * (time_t)a->number,
		.reported = started - 60 * (time_t)a->number + 1,
		.up_since = started - 86400,
		.agent = copy(XF_VERSION),
	};
}

static bool answer_null(void *context, const void *argument, void *reply)
{
	(void)context;
	(void)argument;
	(void)reply;
	return true;
}

static bool answer_status(void *context, const void *argument, void *reply)
{
	fleet_status_reply *r = reply;
	fleet_result result = is_meant(context, argument, &r->answer.fleet_status_answer_u.why);

	say_who(context, &r->self);
	r->answer.result = result;
	if (result == FLEET_OK)
		fill_status(context, &r->answer.fleet_status_answer_u.status);
	return true;
}

static void fill_conflict(const struct agent *a, fleet_conflict *c, const char *path, int seed)
{
	c->path = copy(a->kind == CONTROL ? "etc/\033]0;x\a<b>" : path);
	c->kind = copy("offer");
	c->place = copy("etc/offered.xennew");
	c->generation = 11;
	c->since = started - 3600;
	for (int i = 0; i < 3; i++) {
		fleet_digest *d = (fleet_digest *[]){ &c->base, &c->local, &c->offered }[i];

		d->fleet_digest_val = calloc(1, FLEET_DIGEST_MAX);
		if (!d->fleet_digest_val)
			die("memory");
		d->fleet_digest_len = FLEET_DIGEST_MAX;
		d->fleet_digest_val[0] = (char)(seed + i);
	}
}

/* One that all have that have any, and one that is an agent's own. */
static void fill_conflicts(const struct agent *a, fleet_conflicts *c)
{
	char own[64];

	c->total = a->number % 4 == 0 || a->kind == CONTROL ? 2 : 0;
	c->reported = started;
	if (c->total == 0)
		return;
	c->list.list_val = calloc(2, sizeof(*c->list.list_val));
	if (!c->list.list_val)
		die("memory");
	c->list.list_len = 2;
	snprintf(own, sizeof(own), "etc/own-%u.conf", a->number);
	fill_conflict(a, &c->list.list_val[0], "etc/ssh/sshd_config", 1);
	fill_conflict(a, &c->list.list_val[1], own, 2);
}

static bool answer_conflicts(void *context, const void *argument, void *reply)
{
	fleet_conflicts_reply *r = reply;
	fleet_result result = is_meant(context, argument, &r->answer.fleet_conflicts_answer_u.why);

	say_who(context, &r->self);
	r->answer.result = result;
	if (result == FLEET_OK)
		fill_conflicts(context, &r->answer.fleet_conflicts_answer_u.conflicts);
	return true;
}

static bool answer_reconcile(void *context, const void *argument, void *reply)
{
	struct agent *a = context;
	fleet_reply *r = reply;

	r->result = is_meant(context, argument, &r->why);
	say_who(context, &r->self);
	if (r->result == FLEET_OK)
		r->result = time(NULL) < a->run ? FLEET_ALREADY : FLEET_OK;
	if (r->result == FLEET_OK)
		a->run = time(NULL) + 2 + a->number % 3;
	r->why = r->why ? r->why : copy("");
	return true;
}

static bool answer_message(void *context, const void *argument, void *reply)
{
	const fleet_message *m = argument;
	struct agent *a = context;
	fleet_reply *r = reply;

	r->result = is_meant(context, &m->target, &r->why);
	say_who(context, &r->self);
	if (r->result == FLEET_OK && fleet_check_message(m))
		r->result = FLEET_REFUSED;
	else if (r->result == FLEET_OK)
		fprintf(stderr, "%s: %s: %s\n", a->name, m->from, m->text);
	r->why = r->why ? r->why : copy("");
	return true;
}

static void fill_preview(const struct agent *a, uint32_t generation, fleet_preview *p)
{
	*p = (fleet_preview){
		.generation = generation,
		.from = 12,
		.updated = 1,
		.conflicts = a->number % 4 == 0,
		.conflicts_new = a->number % 4 == 0,
		.restarts = a->number % 6 == 0,
		.kernel = copy("6.1.0-41-amd64"),
		.made = started,
		.total = 1,
	};
	p->list.list_val = calloc(1, sizeof(*p->list.list_val));
	if (!p->list.list_val)
		die("memory");
	p->list.list_len = 1;
	p->list.list_val[0] =
		(fleet_change){ copy("etc/motd"), copy(a->number % 4 == 0 ? "SIDE" : "INSTALL") };
}

/* It takes a second call, as that of a real one does. */
static bool answer_preview(void *context, const void *argument, void *reply)
{
	const fleet_preview_call *call = argument;
	fleet_preview_reply *r = reply;
	struct agent *a = context;
	fleet_result result =
		is_meant(context, &call->target, &r->answer.fleet_preview_answer_u.why);

	say_who(context, &r->self);
	if (result == FLEET_OK && a->asked++ == 0) {
		result = FLEET_WORKING;
		r->answer.fleet_preview_answer_u.why = copy("");
	}
	r->answer.result = result;
	if (result == FLEET_OK)
		fill_preview(a, call->generation, &r->answer.fleet_preview_answer_u.preview);
	return true;
}

/* A third runs from another server. */
static bool answer_server(void *context, const void *argument, void *reply)
{
	const struct agent *a = context;
	fleet_server_reply *r = reply;
	AUTO_FREE char *why = NULL;

	r->result = is_meant(context, argument, &why);
	say_who(context, &r->self);
	r->server = copy(r->result            ? ""
			 : a->kind == CONTROL ? "10.77.0.2\033[2J"
			 : a->number % 3      ? "10.77.0.1"
					      : "10.77.0.2");
	return true;
}

static const struct call_procedure procedures[] = {
	[FLEET_NULL] = { NULL, 0, NULL, 0, answer_null },
	[FLEET_STATUS] = CALL_PROCEDURE(fleet_target, fleet_status_reply, answer_status),
	[FLEET_CONFLICTS] = CALL_PROCEDURE(fleet_target, fleet_conflicts_reply, answer_conflicts),
	[FLEET_RECONCILE] = CALL_PROCEDURE(fleet_target, fleet_reply, answer_reconcile),
	[FLEET_MESSAGE] = CALL_PROCEDURE(fleet_message, fleet_reply, answer_message),
	[FLEET_PREVIEW] = CALL_PROCEDURE(fleet_preview_call, fleet_preview_reply, answer_preview),
	[FLEET_SERVER] = CALL_PROCEDURE(fleet_target, fleet_server_reply, answer_server),
};

/* --- how it says it --- */

static void noise(struct buf *out)
{
	unsigned char mark[FLEET_RECORD_MARK];

	fleet_record_mark(mark, 64);
	buf_free(out);
	buf_add(out, mark, sizeof(mark));
	for (int i = 0; i < 64; i++)
		buf_add(out, &(char){ (char)rand() }, 1);
}

static void spoil(enum kind kind, struct buf *out)
{
	size_t n = out->size;

	if (kind == CUT)
		out->size = n - 12;
	else if (kind == HUGE)
		memcpy(out->data, "\xff\xff\xff\xff", FLEET_RECORD_MARK);
	else if (kind == GARBAGE)
		noise(out);
	else if (kind == XID)
		out->data[FLEET_RECORD_MARK] ^= 1;
	else if (kind == TWICE && buf_room(out, n)) {
		memcpy(out->data + n, out->data, n);
		out->size += n;
	} else if (kind == ENDLESS) {
		out->data[0] = 0; /* not the last fragment, and there are many */
		for (int i = 0; i < 1 << 16; i++)
			buf_add(out, "\0\0\0\4spam", 8);
	}
}

static bool answer(void *context, const char *call, size_t n, struct buf *out)
{
	struct call_program program = { procedures, ARRAY_SIZE(procedures), FLEET_VERSION,
		FLEET_VERSION };
	struct agent *a = context;

	if (a->kind == OLD)
		program.lowest = program.highest = FLEET_VERSION - 1;
	if (a->kind == NEW)
		program.lowest = FLEET_VERSION + 1, program.highest = FLEET_VERSION + 2;
	if (a->kind == RESET)
		return false;
	if (a->kind == SILENT || (a->kind == BUSY && ++a->calls == 2))
		return true;
	if (a->kind == LATE)
		sleep(SECONDS_LATE);
	if (!call_answer(&program, context, call, n, out))
		return false;
	spoil(a->kind, out);
	return true;
}

static bool admits(void *context, const struct sockaddr_storage *peer)
{
	(void)context;
	return any_port || ntohs(((const struct sockaddr_in *)peer)->sin_port) < IPPORT_RESERVED;
}

/* --- where --- */

static int listen_on(uint32_t address, int port, int backlog)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(address) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
		bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, backlog) < 0)
		die(inet_ntoa(a.sin_addr));
	return fd;
}

/* Its queue is full: what comes then is dropped. */
static void fill_queue(int listener)
{
	struct sockaddr_in a;
	socklen_t size = sizeof(a);

	getsockname(listener, (struct sockaddr *)&a, &size);
	for (int i = 0; i < 4; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		if (fd < 0 ||
			(connect(fd, (struct sockaddr *)&a, size) < 0 && errno != EINPROGRESS))
			die("connect");
	}
}

/* Blocks for a reply: in a process of its own. */
static void serve_slowly(int listener, struct agent *a)
{
	struct serve_service patient = { admits, answer, 64, 2 * SECONDS_LATE, -1 };
	char call[4096];

	if (fork() != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (a->kind == LATE)
		exit(-serve_run(&patient, &(struct serve_listener){ listener, a }, 1));
	for (;;) {
		AUTO_CLOSE int fd = accept(listener, NULL, NULL);
		AUTO_BUF struct buf out = { 0 };
		ssize_t n = read(fd, call, sizeof(call));

		if (n > FLEET_RECORD_MARK &&
			answer(a, call + FLEET_RECORD_MARK, (size_t)n - FLEET_RECORD_MARK, &out))
			for (size_t i = 0; i < out.size; i++) {
				if (send(fd, out.data + i, 1, MSG_NOSIGNAL) != 1)
					break;
				sleep(1);
			}
	}
}

static void make_agent(struct agent *a, unsigned int number, const char *name, enum kind kind)
{
	a->number = number;
	a->kind = kind;
	snprintf(a->name, sizeof(a->name), "%s%u", name, number);
	snprintf(a->uuid, sizeof(a->uuid), "00000000-0000-4000-8000-%012x", number);
}

static void start(struct agent *a, uint32_t address, int port, struct serve_listener *listener,
	size_t *n_listeners)
{
	struct in_addr in = { htonl(address) };
	int fd;

	printf("%s %s %s\n", a->name, inet_ntoa(in), kinds[a->kind]);
	if (a->kind == CLOSED)
		return;
	fd = listen_on(address, port, a->kind == DROPPED ? 0 : 128);
	if (a->kind == DROPPED)
		fill_queue(fd);
	else if (a->kind == LATE || a->kind == SLOW)
		serve_slowly(fd, a);
	else
		listener[(*n_listeners)++] = (struct serve_listener){ fd, a };
}

/* KIND=COUNT: kind_of[last …] are of this kind. */
static bool choose(const char *word, enum kind *kind_of, unsigned int *last)
{
	const char *equals = strchr(word, '=');
	unsigned long n = equals ? strtoul(equals + 1, NULL, 10) : 0;

	for (int k = 0; equals && k < KINDS; k++)
		if (strlen(kinds[k]) == (size_t)(equals - word) &&
			strncmp(word, kinds[k], (size_t)(equals - word)) == 0) {
			for (; n && *last; n--)
				kind_of[--*last] = (enum kind)k;
			return n == 0;
		}
	return false;
}

static int usage(void)
{
	fputs("usage: many-agents [-p PORT] [-a] [-f ADDRESS] [-n NAME] COUNT [KIND=COUNT...]\n",
		stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct serve_service service = { admits, answer, 4096, 30, -1 };
	struct rlimit files;
	const char *name = "client";
	struct in_addr from = { htonl(0x7f400001) };
	int port = FLEET_PORT, option;
	unsigned int n, last;
	size_t n_listeners = 0;

	while ((option = getopt(argc, argv, "+p:af:n:")) != -1)
		if (option == 'p')
			port = atoi(optarg);
		else if (option == 'a')
			any_port = true;
		else if (option == 'n')
			name = optarg;
		else if (option != 'f' || inet_pton(AF_INET, optarg, &from) != 1)
			return usage();
	n = last = optind < argc ? (unsigned int)atoi(argv[optind]) : 0;
	if (n == 0 || n > 65536)
		return usage();

	AUTO_FREE struct agent *agent = calloc(n, sizeof(*agent));
	AUTO_FREE enum kind *kind_of = calloc(n, sizeof(*kind_of));
	AUTO_FREE struct serve_listener *listener = calloc(n, sizeof(*listener));
	if (!agent || !kind_of || !listener)
		die("memory");
	for (int i = optind + 1; i < argc; i++)
		if (!choose(argv[i], kind_of, &last))
			return usage();

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGCHLD, SIG_IGN);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	started = time(NULL);
	for (unsigned int i = 0; i < n; i++) {
		make_agent(&agent[i], i + 1, name, kind_of[i]);
		start(&agent[i], ntohl(from.s_addr) + i, port, listener, &n_listeners);
		fflush(stdout);
	}
	puts("ready");
	fflush(stdout);
	errno = -serve_run(&service, listener, n_listeners);
	die("serve");
}
