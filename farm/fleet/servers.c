#include "farm/fleet/servers.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "farm/share/channel.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/clock.h"
#include "lib/fleet/fleet.h"
#include "lib/json.h"
#include "lib/spawn.h"

#define ANSWER_MAX 1048576

/* --- the question --- */

/* What ssh(1) and the command there say of an error comes with the answer: it is the reason. */
static int start(struct server *s, unsigned int seconds)
{
	AUTO_BUF struct buf command = { 0 };
	char timeout[32], words[64];
	int ends[2];

	snprintf(timeout, sizeof(timeout), "-oConnectTimeout=%u", seconds);
	snprintf(words, sizeof(words), "ask %s", s->share.uuid);
	push_add_command(&command, s->share.path, words);
	if (command.failed)
		return -ENOMEM;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	s->pid = spawn_start(&(const struct spawn){
		.argv = (const char *const[]){ "sh", "-c", "exec ssh \"$@\" 2>&1", "ssh",
			"-oBatchMode=yes", "-oLogLevel=ERROR", timeout, "--", s->settings->ssh,
			command.data, NULL },
		.out = ends[1],
		.kept = -1,
		.dies_with_parent = true });
	close(ends[1]);
	s->fd = ends[0];
	fcntl(s->fd, F_SETFL, O_NONBLOCK);
	return s->pid < 0 ? (int)s->pid : 0;
}

/* A share that is not here has nothing to be compared with. */
static int add(struct server_list *list, const struct farm_server_settings *settings,
	const char *path, unsigned int seconds)
{
	char uuid[PATH_MAX];
	struct server *s;
	int r;

	snprintf(uuid, sizeof(uuid), "%s/etc/uuid", path);
	if (access(uuid, F_OK) < 0)
		return 0;
	if (!ARRAY_GROW(list->server, list->n))
		return cli_error(-ENOMEM, "the servers");
	s = &list->server[list->n];
	*s = (struct server){ .settings = settings, .fd = -1, .share = { .dir = -1, .lock = -1 } };
	r = share_open(path, &s->share);
	if (r < 0)
		return r;
	list->n++;
	s->live_here = s->share.current;
	r = start(s, seconds);
	return r < 0 ? cli_error(r, "ssh %s", settings->ssh) : 0;
}

int servers_begin(struct server_list *list, const struct farm_context *c, unsigned int seconds)
{
	const struct farm_settings *settings = &c->settings;
	int r = 0;

	*list = (struct server_list){ .end = clock_milliseconds() + 1000 * (int64_t)seconds };
	for (size_t i = 0; i < settings->n_servers && r == 0; i++) {
		r = add(list, &settings->server[i], settings->share.path, seconds);
		for (size_t k = 0; k < settings->n_named_shares && r == 0; k++)
			r = add(list, &settings->server[i], settings->named_share[k].path, seconds);
	}
	return r;
}

/* --- the answer --- */

static const char *last_line(struct buf *text)
{
	char *end, *line;

	while (text->size && isspace((unsigned char)text->data[text->size - 1]))
		text->size--;
	buf_add(text, "", 1);
	if (text->failed)
		return "";
	end = strrchr(text->data, '\n');
	line = end ? end + 1 : text->data;
	return fleet_line_ok(line) ? line : "its answer is not text";
}

static uint32_t generation_there(const struct server *s, const char *channel)
{
	for (size_t i = 0; i < s->push.n_channels; i++)
		if (strcmp(s->push.channel[i].name, channel) == 0)
			return s->push.channel[i].generation;
	return 0;
}

/* A channel that only the other server has is no business of this one's. */
static void compare(struct server *s)
{
	size_t n = 0;

	s->condition = SERVER_EQUAL;
	s->live = generation_there(s, CHANNEL_LIVE);
	for (size_t i = 0; i < s->share.n_channels; i++) {
		const struct channel *here = &s->share.channel[i];
		uint32_t there = generation_there(s, here->name);

		if (there == here->generation)
			continue;
		if (s->condition != SERVER_LAGS)
			s->condition = there < here->generation ? SERVER_LAGS : SERVER_AHEAD;
		n += (size_t)snprintf(s->why + n, n < sizeof(s->why) ? sizeof(s->why) - n : 0,
			"%s%s has generation %u, here %u", n ? ", " : "", here->name, there,
			here->generation);
		if (n >= sizeof(s->why))
			break;
	}
	if (s->condition == SERVER_EQUAL)
		snprintf(s->why, sizeof(s->why), "as here, live has generation %u", s->live);
}

static void take(struct server *s, int status)
{
	const char *text;

	if (status == 0 && push_parse_reply(&s->push, s->answer.data ? s->answer.data : "",
				   s->answer.size) == 0) {
		compare(s);
		return;
	}
	text = last_line(&s->answer);
	snprintf(s->why, sizeof(s->why), "no answer%s%.200s", *text ? ": " : "", text);
}

static void finish(struct server *s, bool whole)
{
	int status = -1;

	close(s->fd);
	s->fd = -1;
	if (!whole)
		kill(-s->pid, SIGKILL);
	if (spawn_wait(s->pid, 1, &status) == 0 && whole)
		take(s, status);
	else
		snprintf(s->why, sizeof(s->why), "no answer in time");
	s->pid = 0;
}

static void read_some(struct server *s)
{
	char bytes[4096];
	ssize_t n = read(s->fd, bytes, sizeof(bytes));

	if (n > 0)
		buf_add(&s->answer, bytes, (size_t)n);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) || s->answer.failed ||
		s->answer.size > ANSWER_MAX)
		finish(s, n == 0);
}

void servers_wait(struct server_list *list)
{
	AUTO_FREE struct pollfd *polled = calloc(list->n + 1, sizeof(*polled));
	size_t open = polled ? list->n : 0;

	while (open && clock_milliseconds() < list->end) {
		for (size_t i = 0; i < list->n; i++)
			polled[i] = (struct pollfd){ .fd = list->server[i].fd, .events = POLLIN };
		poll(polled, list->n, (int)(list->end - clock_milliseconds()));
		open = 0;
		for (size_t i = 0; i < list->n; i++) {
			if (polled[i].fd >= 0 && polled[i].revents)
				read_some(&list->server[i]);
			open += list->server[i].fd >= 0;
		}
	}
	for (size_t i = 0; i < list->n; i++)
		if (list->server[i].fd >= 0)
			finish(&list->server[i], false);
}

/* --- what is said of it --- */

void servers_add_client(struct server_list *list, const char *address, const char *name)
{
	for (size_t i = 0; i < list->n; i++) {
		struct server *s = &list->server[i];

		if (strcmp(s->settings->address, address) != 0)
			continue;
		buf_printf(&s->clients, "%s%s", s->n_clients++ ? " " : "", name);
	}
}

const char *servers_condition(const struct server *s)
{
	static const char *const names[] = { "silent", "equal", "lags", "ahead" };

	return names[s->condition];
}

char *servers_line(const struct server *s)
{
	static const char *const words[] = { "", "", "lags: ", "is ahead: " };
	AUTO_BUF struct buf line = { 0 };

	buf_printf(&line, "%s%s", words[s->condition], s->why);
	if (s->n_clients && s->condition == SERVER_EQUAL)
		buf_printf(&line, "; %zu clients run from it", s->n_clients);
	else if (s->n_clients)
		buf_printf(&line, "; %.*s run%s from it", (int)s->clients.size, s->clients.data,
			s->n_clients == 1 ? "s" : "");
	buf_add(&line, "", 1);
	return line.failed || s->clients.failed ? NULL : strdup(line.data);
}

static struct json_object *json_names(const struct buf *names)
{
	struct json_object *list = json_object_new_array();
	size_t n;

	for (size_t at = 0; at < names->size; at += n + 1) {
		const char *end = memchr(names->data + at, ' ', names->size - at);

		n = end ? (size_t)(end - names->data) - at : names->size - at;
		json_object_array_add(list, json_object_new_string_len(names->data + at, (int)n));
	}
	return list;
}

struct json_object *servers_json(const struct server_list *list)
{
	struct json_object *all = json_object_new_array();

	for (size_t i = 0; i < list->n; i++) {
		const struct server *s = &list->server[i];
		struct json_object *o = json_object_new_object();
		bool answered = s->condition != SERVER_SILENT;

		json_object_object_add(o, "name", json_object_new_string(s->settings->name));
		json_object_object_add(o, "address", json_object_new_string(s->settings->address));
		json_object_object_add(o, "share", json_object_new_string(s->share.uuid));
		json_object_object_add(o, "state", json_object_new_string(servers_condition(s)));
		json_object_object_add(o, "finding", json_object_new_string(s->why));
		json_object_object_add(o, "live", answered ? json_object_new_int64(s->live) : NULL);
		json_add_number(o, "live_here", s->live_here);
		json_object_object_add(o, "clients", json_names(&s->clients));
		json_object_array_add(all, o);
	}
	return all;
}

size_t servers_silent(const struct server_list *list)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += list->server[i].condition == SERVER_SILENT;
	return n;
}

void servers_free(struct server_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		struct server *s = &list->server[i];

		if (s->fd >= 0)
			finish(s, false);
		push_free(&s->push);
		buf_free(&s->answer);
		buf_free(&s->clients);
		share_close(&s->share);
	}
	free(list->server);
	*list = (struct server_list){ 0 };
}
