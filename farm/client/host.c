#include "farm/client/host.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libvirt/virterror.h>

#include "farm/client/client.h"
#include "farm/group.h"
#include "farm/name.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

/* --- words --- */

const char *client_word_name(const char *word)
{
	const char *slash = strchr(word, '/');

	return slash ? slash + 1 : word;
}

bool client_word_has_host(const char *word, const char *host)
{
	const char *slash = strchr(word, '/');
	char pattern[GROUP_WORD_SIZE];
	size_t n = slash ? (size_t)(slash - word) : 0;

	if (!slash)
		return true;
	if (n >= sizeof(pattern))
		return false;
	memcpy(pattern, word, n);
	pattern[n] = '\0';
	return name_matches(pattern, host);
}

bool client_word_matches(const char *word, const char *host, const char *name)
{
	return client_word_has_host(word, host) && name_matches(client_word_name(word), name);
}

/* --- asking --- */

/*
 * What a thread finds out for the one that waits. It is shared, and left behind if the wait is
 * over: a call to libvirt cannot be called off.
 */
struct visit {
	struct client_host host;
	bool read_only, ended, connected;
	int result;
	struct client_list list;
	virErrorPtr error; /* of the connection */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;

static void *run_visit(void *arg)
{
	struct visit *v = arg;
	int r = virt_connect(v->host.settings->uri, v->read_only, &v->host.connection);

	v->connected = r == 0;
	if (r < 0)
		v->error = virSaveLastError();
	else
		v->host.kind = virt_kind(v->host.connection);
	if (r == 0)
		r = client_list_load(&v->host, &v->list);
	pthread_mutex_lock(&mutex);
	v->result = r;
	v->ended = true;
	pthread_cond_broadcast(&ended);
	pthread_mutex_unlock(&mutex);
	return NULL;
}

/* NULL after a message: it has failed before it began. */
static struct visit *begin_visit(const struct client_host *host, bool read_only)
{
	struct visit *v = calloc(1, sizeof(*v));
	pthread_t thread;

	if (v)
		*v = (struct visit){ .host = *host, .read_only = read_only };
	if (!v || pthread_create(&thread, NULL, run_visit, v) != 0) {
		free(v);
		cli_error(-EAGAIN, "host %s", host->name);
		return NULL;
	}
	pthread_detach(thread);
	return v;
}

/* The mutex is held. False: it has not ended in time. */
static bool await(const struct visit *v, const struct timespec *began)
{
	struct timespec end = *began;

	end.tv_sec += v->host.settings->timeout;
	while (!v->ended)
		if (pthread_cond_timedwait(&ended, &mutex, &end) == ETIMEDOUT)
			break;
	return v->ended;
}

/* The list's clients know their host by the array that stays. */
static int take_clients(struct client_host *host, struct visit *v, struct client_list *list)
{
	for (size_t i = 0; i < v->list.n; i++)
		v->list.client[i].host = host;
	return client_list_join(list, &v->list);
}

/* What a visit found goes to host and list. */
static int end_visit(struct client_host *host, struct visit *v, struct client_list *list)
{
	int r = v->result;

	if (!v->connected)
		r = virt_error_saved(
			v->error, "host %s: cannot connect to %s", host->name, host->settings->uri);
	virFreeError(v->error);
	host->connection = v->host.connection;
	host->kind = v->host.kind;
	if (r == 0)
		r = take_clients(host, v, list);
	client_list_free(&v->list);
	free(v);
	return r;
}

static int conclude(struct client_host *host, struct visit *v, const struct timespec *began,
	struct client_list *list)
{
	bool in_time;
	int r = -EAGAIN;

	if (v) {
		pthread_mutex_lock(&mutex);
		in_time = await(v, began);
		pthread_mutex_unlock(&mutex);
		r = in_time ? end_visit(host, v, list)
			    : -cli_error(ETIMEDOUT,
				      "host %s: no answer from %s within %u seconds; see whether "
				      "it is up, or "
				      "take it out of xenfarm.conf",
				      host->name, host->settings->uri, host->settings->timeout);
	}
	host->state = r < 0 ? HOST_SILENT : HOST_ANSWERS;
	return r;
}

int client_hosts_ask(struct client_host *hosts, size_t n, const bool *needed, bool read_only,
	struct client_list *list)
{
	AUTO_FREE struct visit **visits = calloc(n, sizeof(*visits));
	bool any = false;
	struct timespec began;
	int r = 0, one;

	if (!visits)
		return cli_error(-ENOMEM, "the hosts");
	r = virt_begin();
	clock_gettime(CLOCK_REALTIME, &began);
	for (size_t i = 0; i < n && r == 0; i++)
		if (needed[i])
			visits[i] = begin_visit(&hosts[i], read_only);
	for (size_t i = 0; i < n && r == 0; i++) {
		if (!needed[i])
			continue;
		one = conclude(&hosts[i], visits[i], &began, list);
		any |= one == 0;
	}
	return r < 0 ? r : any ? 0 : -ENOTCONN;
}

void client_hosts_close(struct client_host *hosts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		virt_close(&hosts[i].connection);
}
