/* xenfarm client events: what happens to clients, a line each, until it is interrupted. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libvirt/virterror.h>

#include "farm/client/client.h"
#include "farm/name.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/json.h"

/* What the thread of libvirt's loop hands over to this one, which may ask libvirt about it. */
struct event {
	struct event *next;
	const struct client_host *host;
	virDomainPtr domain; /* NULL: the connection to the host is closed */
	int kind, detail;
	time_t time;
};

struct watcher {
	struct client_session *session;
	char *const *words; /* none: all clients */
	bool json;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	struct event *first, **end;
};

struct watched_host {
	struct watcher *watcher;
	const struct client_host *host;
};

static const char *const kinds[] = {
	[VIR_DOMAIN_EVENT_DEFINED] = "defined",
	[VIR_DOMAIN_EVENT_UNDEFINED] = "undefined",
	[VIR_DOMAIN_EVENT_STARTED] = "started",
	[VIR_DOMAIN_EVENT_SUSPENDED] = "paused",
	[VIR_DOMAIN_EVENT_RESUMED] = "resumed",
	[VIR_DOMAIN_EVENT_STOPPED] = "stopped",
	[VIR_DOMAIN_EVENT_SHUTDOWN] = "shutting-down",
	[VIR_DOMAIN_EVENT_PMSUSPENDED] = "suspended",
	[VIR_DOMAIN_EVENT_CRASHED] = "crashed",
};

/* How it stopped, where that is more than that it did. */
static const char *detail_of(int event, int detail)
{
	if (event == VIR_DOMAIN_EVENT_STOPPED && detail == VIR_DOMAIN_EVENT_STOPPED_DESTROYED)
		return "switched-off";
	if (event == VIR_DOMAIN_EVENT_STOPPED && detail == VIR_DOMAIN_EVENT_STOPPED_CRASHED)
		return "crashed";
	if (event == VIR_DOMAIN_EVENT_STOPPED && detail == VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN)
		return "shut-down";
	if (event == VIR_DOMAIN_EVENT_DEFINED && detail == VIR_DOMAIN_EVENT_DEFINED_ADDED)
		return "new";
	return NULL;
}

static void print_json(
	const char *when, const char *name, const char *uuid, const char *kind, const char *detail)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "version", json_object_new_int(1));
	json_object_object_add(o, "time", json_object_new_string(when));
	json_object_object_add(o, "name", json_object_new_string(name));
	json_object_object_add(o, "uuid", json_object_new_string(uuid));
	json_object_object_add(o, "event", json_object_new_string(kind));
	if (detail)
		json_object_object_add(o, "detail", json_object_new_string(detail));
	printf("%s\n", json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
	json_object_put(o);
}

static void print_event(const struct watcher *w, const struct event *e)
{
	const char *label = virDomainGetName(e->domain), *more = detail_of(e->kind, e->detail);
	AUTO_FREE char *qualified =
		e->host->is_one_of_several ? client_name_on(e->host, label) : NULL;
	const char *name = qualified ? qualified : label;
	char when[32], uuid[VIR_UUID_STRING_BUFLEN] = "";
	struct tm tm;

	virDomainGetUUIDString(e->domain, uuid);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&e->time, &tm));
	if (w->json)
		print_json(when, name, uuid, kinds[e->kind], more);
	else
		printf("%s  %s  %s%s%s\n", when, name, kinds[e->kind], more ? " " : "",
			more ? more : "");
	fflush(stdout);
}

/* --- is it a client's? --- */

static struct client *find_uuid(
	struct client_list *list, const struct client_host *host, const char *uuid)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->client[i].host == host && strcmp(list->client[i].uuid, uuid) == 0)
			return &list->client[i];
	return NULL;
}

/* A domain that is gone has no record any more: clients are known from before. */
static struct client *client_of(struct watcher *w, const struct event *e)
{
	struct client_list *list = &w->session->list;
	char uuid[VIR_UUID_STRING_BUFLEN] = "";
	struct client *client;

	virDomainGetUUIDString(e->domain, uuid);
	client = find_uuid(list, e->host, uuid);
	if (client || e->kind == VIR_DOMAIN_EVENT_UNDEFINED ||
		client_list_add(list, e->host, e->domain) <= 0)
		return client;
	return &list->client[list->n - 1];
}

static bool is_wanted(struct watcher *w, const struct event *e)
{
	const char *name = virDomainGetName(e->domain);
	const struct client *client;

	if (!name || name_check(name) || e->kind < 0 || (size_t)e->kind >= ARRAY_SIZE(kinds))
		return false;
	client = client_of(w, e);
	return client && client_words_match(w->session, w->words, client);
}

/* --- the thread of libvirt's loop --- */

static void append(const struct watched_host *watched, const struct event *event)
{
	struct watcher *w = watched->watcher;
	struct event *e = calloc(1, sizeof(*e));

	if (!e)
		return;
	*e = *event;
	e->host = watched->host;
	e->time = time(NULL);
	pthread_mutex_lock(&w->mutex);
	*w->end = e;
	w->end = &e->next;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->mutex);
}

static int on_event(virConnectPtr connection, virDomainPtr domain, int kind, int detail, void *data)
{
	(void)connection;
	virDomainRef(domain);
	append(data, &(struct event){ .domain = domain, .kind = kind, .detail = detail });
	return 0;
}

static void on_close(virConnectPtr connection, int reason, void *data)
{
	(void)connection;
	(void)reason;
	append(data, &(struct event){ .domain = NULL });
}

/* --- this thread --- */

static struct event *next_event(struct watcher *w)
{
	struct event *e;

	pthread_mutex_lock(&w->mutex);
	while (!w->first)
		pthread_cond_wait(&w->changed, &w->mutex);
	e = w->first;
	w->first = e->next;
	if (!w->first)
		w->end = &w->first;
	pthread_mutex_unlock(&w->mutex);
	return e;
}

static int register_host(struct watched_host *watched)
{
	virConnectPtr connection = watched->host->connection;

	if (virConnectDomainEventRegisterAny(connection, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
		    VIR_DOMAIN_EVENT_CALLBACK(on_event), watched, NULL) < 0)
		return virt_error(NULL, "cannot watch the domains");
	/* What has no daemon cannot lose it. */
	virConnectRegisterCloseCallback(connection, on_close, watched, NULL);
	return 0;
}

/* How many hosts there are to watch, or -errno after a message. */
static int register_all(struct watcher *w, struct watched_host *watched)
{
	struct client_session *s = w->session;
	int n = 0, r = 0;

	for (size_t i = 0; i < s->n_hosts && r == 0; i++) {
		if (s->host[i].state != HOST_ANSWERS)
			continue;
		watched[i] = (struct watched_host){ w, &s->host[i] };
		r = register_host(&watched[i]);
		n++;
	}
	return r < 0 ? r : n;
}

static void handle(struct watcher *w, struct event *e)
{
	if (!e->domain) {
		cli_error(
			0, "host %s: the connection to libvirt broke; run it again", e->host->name);
		return;
	}
	if (is_wanted(w, e))
		print_event(w, e);
	virDomainFree(e->domain);
}

/* Until all connections are closed, or the program is interrupted. */
static int watch(struct watcher *w)
{
	struct watched_host *watched = calloc(w->session->n_hosts, sizeof(*watched));
	int left = watched ? register_all(w, watched) : cli_error(-ENOMEM, "events");

	while (left > 0 && !ferror(stdout)) {
		struct event *e = next_event(w);

		left -= !e->domain;
		handle(w, e);
		free(e);
	}
	/* The thread of libvirt's loop has watched for as long as there are connections. */
	return left < 0 ? left : ferror(stdout) ? -EPIPE : -ENOTCONN;
}

int client_events(void *options, char **arguments)
{
	struct farm_context *context = options;
	struct client_session s = { .lock = -1 };
	struct watcher w = { .session = &s,
		.words = arguments,
		.json = context->options.json,
		.mutex = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER };
	int r = client_session_begin(&s, context, true, arguments);

	w.end = &w.first;
	if (r == 0)
		r = client_words_check(&s, arguments);
	client_session_note_silent(&s);
	if (r == 0)
		r = watch(&w);
	return client_session_end(&s, r);
}
