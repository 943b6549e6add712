#include "farm/client/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "farm/client/client.h"
#include "farm/client/remote.h"
#include "farm/net/network.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/spawn.h"

#define RUN_LIMIT  30        /* seconds for all that is run there, once it is connected */
#define REPLY_MAX  (1 << 20) /* bytes */
#define CLOCK_MOST 5         /* seconds that two clocks may differ, and the answer take */
#define SSH_FAILED 255

/* What ssh(1) runs on a host; its own other hosts are not this one's business. */
static const char line[] = "echo \"version=$(xenfarm --version)\"; echo \"time=$(date +%s)\"; "
			   "xenfarm doctor --here --json 2>/dev/null";

/* One host, and what it has said by ssh. */
struct patient {
	struct client_host *host;
	char *address; /* NULL: ssh does not lead there */
	pid_t pid;
	int fd; /* what ssh prints */
	time_t asked, answered;
	int result; /* -errno */
	struct buf reply;
};

struct consultation {
	struct farm_context *context;
	struct client_host *host;
	struct patient *patient;
	size_t n;
	struct client_list list;
	void (*each)(void *arg, const char *name, const struct doctor_finding *finding);
	void *arg;
	int failed;
};

static void tell(struct consultation *c, const struct patient *p, const char *check,
	const struct doctor_finding *finding)
{
	char name[256];

	snprintf(name, sizeof(name), "%s/%s", p->host->name, check);
	c->each(c->arg, name, finding);
	c->failed += finding->state == DOCTOR_FAILED;
}

/* --- asking --- */

static void ask(struct patient *p)
{
	p->asked = time(NULL);
	p->fd = memfd_create("reply", MFD_CLOEXEC);
	p->pid = p->fd < 0 ? -errno : remote_start(p->host, line, p->fd);
	p->result = p->pid < 0 ? p->pid : 0;
}

/* All began together, so that the limit of the first one is that of all. */
static void listen_to(struct patient *p)
{
	time_t left = p->asked + p->host->settings->timeout + RUN_LIMIT - time(NULL);
	int status = 0;

	if (p->pid < 0)
		return;
	p->result = spawn_wait(p->pid, left > 0 ? (unsigned int)left : 1, &status);
	if (p->result == 0 && status == SSH_FAILED)
		p->result = -ENOTCONN;
	if (p->result == 0 && lseek(p->fd, 0, SEEK_SET) < 0)
		p->result = -errno;
	if (p->result == 0)
		p->result = buf_read(&p->reply, p->fd, REPLY_MAX);
	buf_add(&p->reply, "", 1);
	if (p->result == 0 && p->reply.failed)
		p->result = -ENOMEM;
}

/* What follows "KEY=" at the beginning of a line of the reply; NULL: there is none. */
static const char *said(const struct patient *p, const char *key)
{
	size_t n = strlen(key);

	for (const char *at = p->reply.data; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, key, n) == 0 && at[n] == '=')
			return at + n + 1;
	}
	return NULL;
}

/* --- from outside: by other names than those of its own checks --- */

static void check_ssh(const struct patient *p, struct doctor_finding *f)
{
	char mend[sizeof(f->mend)];

	if (!p->address) {
		doctor_skip(f, "%s has no ssh: what is not libvirt's cannot be seen from here",
			p->host->settings->uri);
		return;
	}
	snprintf(mend, sizeof(mend), "ssh %s true", p->address);
	if (p->result < 0)
		doctor_fail(f, mend, "%s: no answer: %s", p->address, strerror(-p->result));
	else
		doctor_ok(f, "%s answers", p->address);
}

static void check_libvirt(
	const struct consultation *c, const struct patient *p, struct doctor_finding *f)
{
	size_t n = 0;

	for (size_t i = 0; i < c->list.n; i++)
		n += c->list.client[i].host == p->host;
	if (p->host->state != HOST_ANSWERS)
		doctor_fail(f, "see whether it is up, or take it out of xenfarm.conf",
			"%s does not answer within %u seconds, or refuses", p->host->settings->uri,
			p->host->settings->timeout);
	else
		doctor_ok(f, "%s: %zu clients", p->host->settings->uri, n);
}

/* Where doctor runs there, it says more. */
static void check_network(
	const struct consultation *c, const struct patient *p, struct doctor_finding *f)
{
	const struct farm_settings *settings = &c->context->settings;
	struct net_network network = { 0 };
	struct net_farm farm;
	const char *wrong = NULL;
	int r = net_server_farm(settings, &farm);

	if (r == 0 && p->host->settings->address)
		wrong = net_parse_address(&farm, p->host->settings->address);
	if (r == 0 && !wrong)
		r = net_network_look(p->host->connection, &farm, &network);
	if (r < 0 || wrong)
		doctor_fail(f, "mend `address` in xenfarm.conf", "%s: %s",
			p->host->settings->address ? p->host->settings->address : "the network",
			wrong ? wrong : strerror(-r));
	else if (network.state == NET_NETWORK_ABSENT)
		doctor_fail(
			f, "there: xenfarm init", "libvirt has no network %s there", farm.network);
	else if (network.state != NET_NETWORK_SAME)
		doctor_fail(
			f, "there: xenfarm init", "network %s: %s", farm.network, network.differs);
	else if (!network.active)
		doctor_fail(
			f, "there: xenfarm init", "the network %s is not started", farm.network);
	else
		doctor_ok(f, "%s: ports are isolated, no DHCP, no DNS", farm.network);
}

/* --- from inside --- */

static void check_version(const struct patient *p, struct doctor_finding *f)
{
	const char *version = said(p, "version");
	int n = version ? (int)strcspn(version, "\n") : 0;

	if (!n)
		doctor_fail(f, "install xenfarm there", "xenfarm is not in PATH there");
	else if (strlen("xenfarm " XF_VERSION) != (size_t)n ||
		 strncmp(version, "xenfarm " XF_VERSION, (size_t)n) != 0)
		doctor_fail(f, "install the same version there",
			"%.*s there, xenfarm " XF_VERSION " here", n, version);
	else
		doctor_ok(f, "%.*s", n, version);
}

/* It was read at some time between question and answer. */
static void check_clock(const struct patient *p, struct doctor_finding *f)
{
	const char *text = said(p, "time");
	intmax_t there = text ? strtoimax(text, NULL, 10) : 0;
	intmax_t early = p->asked - there, late = there - p->answered;
	intmax_t off = early > late ? early : late;

	if (!there)
		doctor_skip(f, "it did not say what time it is");
	else if (off > CLOCK_MOST)
		doctor_fail(f, "there: timedatectl set-ntp true", "its clock is %jd seconds %s",
			off, early > late ? "behind" : "ahead");
	else
		doctor_ok(f, "its clock is right");
}

static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;
	const char *text = json_object_object_get_ex(object, key, &value)
				   ? json_object_get_string(value)
				   : NULL;

	return text ? text : "";
}

/* One check of its own doctor: what is right is counted, what is not has a line. */
static void tell_theirs(struct consultation *c, const struct patient *p, struct json_object *check,
	unsigned int *right)
{
	const char *state = text_of(check, "state");
	struct doctor_finding f = { .state = DOCTOR_OK };
	char mend[sizeof(f.mend)];

	snprintf(mend, sizeof(mend), "there: %s", text_of(check, "mend"));
	if (strcmp(state, "failed") == 0)
		doctor_fail(&f, mend, "%s", text_of(check, "finding"));
	else if (strcmp(state, "warning") == 0)
		doctor_warn(&f, mend, "%s", text_of(check, "finding"));
	else
		*right += strcmp(state, "ok") == 0;
	if (f.state != DOCTOR_OK)
		tell(c, p, text_of(check, "check"), &f);
}

static void tell_inside(struct consultation *c, const struct patient *p)
{
	const char *begin = p->reply.data ? strchr(p->reply.data, '{') : NULL;
	struct json_object *document = begin ? json_tokener_parse(begin) : NULL, *checks = NULL;
	struct doctor_finding f = { .state = DOCTOR_OK };
	unsigned int right = 0;

	if (json_object_object_get_ex(document, "checks", &checks) &&
		json_object_is_type(checks, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(checks); i++)
			tell_theirs(c, p, json_object_array_get_idx(checks, i), &right);
		doctor_ok(&f, "%u of its own checks are ok", right);
	} else {
		doctor_fail(&f, "there: xenfarm doctor", "its own doctor gave no answer");
	}
	tell(c, p, "doctor", &f);
	json_object_put(document);
}

/* --- all --- */

static void tell_one(struct consultation *c, const struct patient *p)
{
	struct doctor_finding f = { .state = DOCTOR_SKIPPED };
	bool inside = p->address && p->result == 0;

	check_ssh(p, &f);
	tell(c, p, "ssh", &f);
	check_libvirt(c, p, &f);
	tell(c, p, "connection", &f);
	if (!inside && p->host->state == HOST_ANSWERS) {
		check_network(c, p, &f);
		tell(c, p, "network", &f);
	}
	if (!inside)
		return;
	check_version(p, &f);
	tell(c, p, "version", &f);
	check_clock(p, &f);
	tell(c, p, "time", &f);
	tell_inside(c, p);
}

static int begin(struct consultation *c)
{
	const struct farm_settings *s = &c->context->settings;

	c->n = s->n_named_hosts;
	c->host = calloc(c->n + 1, sizeof(*c->host));
	c->patient = calloc(c->n + 1, sizeof(*c->patient));
	if (!c->host || !c->patient)
		return cli_error(-ENOMEM, "the hosts");
	for (size_t i = 0; i < c->n; i++) {
		c->host[i] = (struct client_host){ .name = s->named_host[i].name,
			.settings = &s->named_host[i],
			.is_here = net_server_is_here(s->named_host[i].uri),
			.is_one_of_several = true };
		c->patient[i] = (struct patient){
			.host = &c->host[i], .address = remote_address(&c->host[i]), .fd = -1
		};
	}
	return 0;
}

static void end(struct consultation *c)
{
	for (size_t i = 0; i < c->n && c->patient; i++) {
		cleanup_close(&c->patient[i].fd);
		free(c->patient[i].address);
		buf_free(&c->patient[i].reply);
	}
	client_list_free(&c->list);
	if (c->host)
		client_hosts_close(c->host, c->n);
	free(c->host);
	free(c->patient);
}

/* ssh is at work while libvirt is asked. None that answers is no error: each has its line. */
static int ask_all(struct consultation *c)
{
	AUTO_FREE bool *needed = malloc(c->n);
	int r;

	if (!needed)
		return cli_error(-ENOMEM, "the hosts");
	memset(needed, true, c->n);
	for (size_t i = 0; i < c->n; i++)
		if (c->patient[i].address)
			ask(&c->patient[i]);
	r = client_hosts_ask(c->host, c->n, needed, true, &c->list);
	for (size_t i = 0; i < c->n; i++)
		if (c->patient[i].address) {
			listen_to(&c->patient[i]);
			c->patient[i].answered = time(NULL);
		}
	return r == -ENOTCONN ? 0 : r;
}

int client_doctor(struct farm_context *context,
	void (*each)(void *arg, const char *name, const struct doctor_finding *finding), void *arg)
{
	struct consultation c = { .context = context, .each = each, .arg = arg };
	int r = 0;

	if (context->settings.n_named_hosts)
		r = begin(&c);
	if (r == 0 && c.n)
		r = ask_all(&c);
	for (size_t i = 0; i < c.n && r == 0; i++)
		tell_one(&c, &c.patient[i]);
	end(&c);
	return r < 0 ? r : c.failed;
}
