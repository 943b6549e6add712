/*
 * What the servers are answered: from the reports that root's runs leave. What needs root is asked
 * for, by a file for each thing; one that exists was asked for already, so a flood asks once.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "agent/service/agentd.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/paths.h"
#include "lib/publish.h"

#define WAITING_MAX   32 /* messages that root has not delivered yet */
#define PREVIEWS_MAX  4  /* that are being made */
#define PREVIEW_FRESH 60 /* seconds for which one is the answer */

/* --- files --- */

/* A report; the bytes of the next file of its name do not get into it. Returns 0 or -errno. */
static int read_report(const char *name, struct buf *bytes, struct stat *st)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", PATH_RUN_REPORTS, name);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || (st && fstat(fd, st) < 0))
		return -errno;
	return buf_read(bytes, fd, FLEET_REPLY_MAX);
}

/* How many files of asked begin with prefix? */
static unsigned int count_asked(const char *prefix)
{
	AUTO_CLOSEDIR DIR *dir = opendir(PATH_RUN_ASKED);
	struct dirent *d;
	unsigned int n = 0;

	while (dir && (d = readdir(dir)))
		n += strncmp(d->d_name, prefix, strlen(prefix)) == 0;
	return n;
}

/*
 * Ask root, by a file with these bytes. limit: how many that begin with prefix may be there. OK,
 * ALREADY, REFUSED (too many), FAILED.
 */
static fleet_result ask(
	const char *name, const char *prefix, unsigned int limit, const void *bytes, size_t n)
{
	AUTO_CLOSE int dir = open(PATH_RUN_ASKED, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return FLEET_FAILED;
	if (faccessat(dir, name, F_OK, 0) == 0)
		return FLEET_ALREADY;
	if (count_asked(prefix) >= limit)
		return FLEET_REFUSED;
	return publish_file(dir, name, 0640, bytes, n) < 0 ? FLEET_FAILED : FLEET_OK;
}

/* --- heads of replies --- */

/* Without the machine's UUID the name has to do. */
static bool say_who(const struct agentd *a, fleet_target *self)
{
	AUTO_BUF struct buf uuid = { 0 };

	read_report(PATH_REPORT_UUID, &uuid, NULL);
	buf_add(&uuid, "", 1);
	self->uuid = strdup(uuid.failed || !fleet_uuid_ok(uuid.data) ? "" : uuid.data);
	self->name = strdup(a->name);
	return self->uuid && self->name;
}

/* May it be answered? If not, *why says why not. */
static fleet_result look_at(
	const char *wrong, const fleet_target *wanted, const fleet_target *self, const char **why)
{
	*why = wrong ? wrong : "";
	if (wrong)
		return FLEET_REFUSED;
	return fleet_is_for(wanted, self) ? FLEET_OK : FLEET_NOT_ME;
}

static const char *reason(fleet_result result)
{
	switch (result) {
	case FLEET_NO_REPORT:
		return "xf-agent left no report since the boot";
	case FLEET_REFUSED:
		return "too many are waiting";
	case FLEET_FAILED:
		return "the agent's own files cannot be used: see its journal";
	default:
		return "";
	}
}

/* --- procedures --- */

static bool answer_null(void *context, const void *argument, void *reply)
{
	(void)context;
	(void)argument;
	(void)reply;
	return true;
}

/* A report, decoded, whose check finds nothing wrong. */
static fleet_result load(const char *name, xdrproc_t function, void *to, size_t size)
{
	AUTO_BUF struct buf bytes = { 0 };

	if (read_report(name, &bytes, NULL) < 0)
		return FLEET_NO_REPORT;
	return fleet_decode(function, bytes.data, bytes.size, to, size) < 0 ? FLEET_FAILED
									    : FLEET_OK;
}

static void add_uptime(fleet_status *status)
{
	struct timespec up;

	clock_gettime(CLOCK_BOOTTIME, &up);
	status->up_since = time(NULL) - up.tv_sec;
}

static bool answer_status(void *context, const void *argument, void *reply)
{
	fleet_status_reply *r = reply;
	fleet_status_answer *a = &r->answer;
	const char *why;

	if (!say_who(context, &r->self))
		return false;
	a->result = look_at(fleet_check_target(argument), argument, &r->self, &why);
	if (a->result == FLEET_OK) {
		a->result = load(PATH_REPORT_STATUS, (xdrproc_t)xdr_fleet_status,
			&a->fleet_status_answer_u.status, sizeof(fleet_status));
		why = reason(a->result);
	}
	if (a->result == FLEET_OK)
		add_uptime(&a->fleet_status_answer_u.status);
	else
		a->fleet_status_answer_u.why = strdup(why);
	return a->result == FLEET_OK || a->fleet_status_answer_u.why;
}

static bool answer_conflicts(void *context, const void *argument, void *reply)
{
	fleet_conflicts_reply *r = reply;
	fleet_conflicts_answer *a = &r->answer;
	const char *why;

	if (!say_who(context, &r->self))
		return false;
	a->result = look_at(fleet_check_target(argument), argument, &r->self, &why);
	if (a->result == FLEET_OK) {
		a->result = load(PATH_REPORT_CONFLICTS, (xdrproc_t)xdr_fleet_conflicts,
			&a->fleet_conflicts_answer_u.conflicts, sizeof(fleet_conflicts));
		why = reason(a->result);
	}
	if (a->result != FLEET_OK)
		a->fleet_conflicts_answer_u.why = strdup(why);
	return a->result == FLEET_OK || a->fleet_conflicts_answer_u.why;
}

static bool answer_reconcile(void *context, const void *argument, void *reply)
{
	fleet_reply *r = reply;
	const char *why;

	if (!say_who(context, &r->self))
		return false;
	r->result = look_at(fleet_check_target(argument), argument, &r->self, &why);
	if (r->result == FLEET_OK) {
		r->result = ask(PATH_ASKED_RECONCILE, PATH_ASKED_RECONCILE, 1, "", 0);
		why = reason(r->result);
	}
	r->why = strdup(why);
	return r->why;
}

/* Was it delivered before? Ids are lines of a report. */
static bool is_delivered(const char *id)
{
	AUTO_BUF struct buf ids = { 0 };

	if (read_report(PATH_REPORT_DELIVERED, &ids, NULL) < 0)
		return false;
	buf_add(&ids, "", 1);
	return !ids.failed && strstr(ids.data, id);
}

static fleet_result ask_message(const fleet_message *message)
{
	AUTO_BUF struct buf bytes = { 0 };
	char name[sizeof(PATH_ASKED_MESSAGE) + FLEET_UUID_MAX];

	if (is_delivered(message->id))
		return FLEET_ALREADY;
	snprintf(name, sizeof(name), PATH_ASKED_MESSAGE "%s", message->id);
	if (fleet_encode((xdrproc_t)xdr_fleet_message, message, &bytes) < 0)
		return FLEET_FAILED;
	return ask(name, PATH_ASKED_MESSAGE, WAITING_MAX, bytes.data, bytes.size);
}

static bool answer_message(void *context, const void *argument, void *reply)
{
	const fleet_message *m = argument;
	fleet_reply *r = reply;
	const char *why;

	if (!say_who(context, &r->self))
		return false;
	r->result = look_at(fleet_check_message(m), &m->target, &r->self, &why);
	if (r->result == FLEET_OK) {
		r->result = ask_message(m);
		why = reason(r->result);
	}
	r->why = strdup(why);
	return r->why;
}

/* The result that root left, if it is fresh; else it is asked for. */
static fleet_result find_preview(uint32_t generation, fleet_preview_answer *to)
{
	AUTO_BUF struct buf bytes = { 0 };
	char report[32], asked[32];
	fleet_result result;
	struct stat st;

	snprintf(report, sizeof(report), PATH_REPORT_PREVIEW "%u", generation);
	snprintf(asked, sizeof(asked), PATH_ASKED_PREVIEW "%u", generation);
	if (read_report(report, &bytes, &st) == 0 && st.st_mtime + PREVIEW_FRESH > time(NULL) &&
		fleet_decode((xdrproc_t)xdr_fleet_preview_answer, bytes.data, bytes.size, to,
			sizeof(*to)) == 0)
		return to->result;
	result = ask(asked, PATH_ASKED_PREVIEW, PREVIEWS_MAX, "", 0);
	return result == FLEET_OK || result == FLEET_ALREADY ? FLEET_WORKING : result;
}

static bool answer_preview(void *context, const void *argument, void *reply)
{
	const fleet_preview_call *call = argument;
	fleet_preview_reply *r = reply;
	fleet_preview_answer *a = &r->answer;
	const char *why, *wrong = fleet_check_target(&call->target);

	if (!say_who(context, &r->self))
		return false;
	if (!wrong && call->generation == 0)
		wrong = "the generation's number";
	a->result = look_at(wrong, &call->target, &r->self, &why);
	if (a->result == FLEET_OK) {
		a->result = find_preview(call->generation, a);
		why = reason(a->result);
	}
	if (a->result != FLEET_OK && !a->fleet_preview_answer_u.why)
		a->fleet_preview_answer_u.why = strdup(why);
	return a->result == FLEET_OK || a->fleet_preview_answer_u.why;
}

static bool answer_server(void *context, const void *argument, void *reply)
{
	const struct agentd *a = context;
	fleet_server_reply *r = reply;
	const char *why;

	if (!say_who(context, &r->self))
		return false;
	r->result = look_at(fleet_check_target(argument), argument, &r->self, &why);
	r->server = strdup(r->result == FLEET_OK ? a->mounted : "");
	return r->server;
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

const struct call_program agentd_program = {
	.procedures = procedures,
	.n = ARRAY_SIZE(procedures),
	.lowest = FLEET_VERSION,
	.highest = FLEET_VERSION,
};
