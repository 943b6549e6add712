/*
 * xenfarm status --html: one page, with its data as JSON in a <script> that is not executed. What
 * clients say is data there; '<', '>' and '&' are written as JSON's escapes, so that no text ends
 * the element, and the page's own script makes text nodes of it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "farm/fleet/inbox.h"
#include "farm/fleet/status.h"
#include "lib/array.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "lib/publish.h"

#define MARK "@DATA@"

/* The assembler includes the file as it is (the dependency is in farm/fleet/build.mk). */
extern const char status_page[];
__asm__(".pushsection .rodata\n"
	".global status_page\n"
	"status_page:\n"
	"	.incbin \"farm/fleet/status.html\"\n"
	"	.byte 0\n"
	".popsection\n");

static void add_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, text && *text ? json_object_new_string(text) : NULL);
}

static void add_number(struct json_object *o, const char *key, int64_t number)
{
	json_object_object_add(o, key, json_object_new_int64(number));
}

/* --- clients --- */

static void add_status(struct json_object *o, const fleet_status *s)
{
	add_number(o, "generation", s->generation);
	add_number(o, "available", s->available);
	add_text(o, "channel", s->channel);
	add_text(o, "kernel", s->kernel);
	add_text(o, "kernel_next", s->kernel_next);
	add_number(o, "conflicts", s->conflicts);
	add_number(o, "deferred", s->deferred);
	add_number(o, "restarts", s->restarts);
	json_object_object_add(o, "reboot", json_object_new_boolean(s->reboot));
}

static struct json_object *json_client(const struct status_client *c)
{
	struct json_object *o = json_object_new_object();
	char address[XF_ADDR_TEXT_MAX];

	add_text(o, "name", c->client->name);
	add_text(o, "state", c->why);
	json_object_object_add(o, "answered", json_object_new_boolean(c->is_new));
	json_object_object_add(o, "is_off", json_object_new_boolean(c->state == ROUND_OFF));
	add_number(o, "seen", c->seen);
	if (c->known)
		add_status(o, &c->status);
	if (!c->client->damaged) {
		add_text(o, "address", xf_addr_format(&c->client->record.address, address));
		add_text(o, "admin", c->client->record.admin);
		add_text(o, "share", c->client->record.share);
	}
	return o;
}

static struct json_object *json_clients(const struct status_list *list)
{
	struct json_object *clients = json_object_new_array();

	for (size_t i = 0; i < list->n; i++)
		json_object_array_add(clients, json_client(&list->client[i]));
	return clients;
}

/* --- generations --- */

static size_t count_users(const struct status_list *list, const char *share, uint32_t generation)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct status_client *c = &list->client[i];

		n += c->known && !c->client->damaged && c->status.generation == generation &&
		     strcmp(c->client->record.share, share) == 0;
	}
	return n;
}

/* A note may be any text. */
static void add_note(struct json_object *o, const struct share_store *share, const char *name)
{
	AUTO_BUF struct buf note = { 0 };

	if (share_read(share, name, &note) < 0)
		buf_free(&note);
	buf_add(&note, "", 1);
	if (!note.failed)
		add_text(o, "note", fleet_lines_ok(note.data) ? note.data : NULL);
}

static struct json_object *json_generation(
	const struct status_list *list, const struct share_store *share, uint32_t generation)
{
	struct json_object *o = json_object_new_object();
	struct stat st;

	add_number(o, "generation", generation);
	add_text(o, "share", share->uuid);
	json_object_object_add(o, "current", json_object_new_boolean(generation == share->current));
	if (fstatat(share->dir, share_name("manifest", generation, ".mtree.gz").text, &st, 0) == 0)
		add_number(o, "published", st.st_mtime);
	add_note(o, share, share_name("manifest", generation, ".note").text);
	add_number(o, "clients", (int64_t)count_users(list, share->uuid, generation));
	return o;
}

static bool is_first_of_share(const struct status_list *list, size_t i)
{
	const struct client *c = list->client[i].client;

	for (size_t j = 0; j < i; j++)
		if (!list->client[j].client->damaged &&
			strcmp(list->client[j].client->record.share, c->record.share) == 0)
			return false;
	return !c->damaged;
}

/* Of all shares of these clients that this server has, the newest first. */
static int add_generations(
	struct json_object *o, const struct status_list *list, struct client_session *s)
{
	struct json_object *all = json_object_new_array();
	const struct share_store *share = &s->context->share;
	int r = 0;

	json_object_object_add(o, "generations", all);
	for (size_t i = 0; i < list->n; i++) {
		if (!is_first_of_share(list, i))
			continue;
		r = client_open_share(s, list->client[i].client->record.share);
		if (r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		for (size_t k = share->n; k-- > 0;)
			json_object_array_add(
				all, json_generation(list, share, share->generation[k]));
	}
	return 0;
}

/* --- conflicts --- */

static struct json_object *json_group(const struct inbox_group *g)
{
	struct json_object *o = json_object_new_object(), *names = json_object_new_array();

	add_text(o, "path", g->conflict->path);
	add_text(o, "kind", g->conflict->kind);
	add_number(o, "since", g->since);
	add_number(o, "generation", g->generation);
	for (size_t i = 0; i < g->n; i++)
		json_object_array_add(names, json_object_new_string(g->name[i]));
	json_object_object_add(o, "clients", names);
	return o;
}

/* Those that have said that they have some are asked which. */
static int add_conflicts(
	struct json_object *o, const struct status_list *list, struct client_session *s)
{
	AUTO_CLIENT_SELECTION struct client_selection some = { 0 };
	AUTO_INBOX struct inbox inbox = { 0 };
	struct json_object *all = json_object_new_array();
	int r;

	json_object_object_add(o, "conflicts", all);
	some.client = calloc(list->n + 1, sizeof(*some.client));
	if (!some.client)
		return cli_error(-ENOMEM, "the clients");
	for (size_t i = 0; i < list->n; i++)
		if (list->client[i].is_new && list->client[i].status.conflicts)
			some.client[some.n++] =
				client_list_find(&s->list, list->client[i].client->name);
	r = inbox_load(s, &some, &inbox);
	for (size_t i = 0; i < inbox.n && r == 0; i++)
		json_object_array_add(all, json_group(&inbox.group[i]));
	return r;
}

/* --- the page --- */

static void add_data(struct buf *page, struct json_object *data)
{
	const char *text = json_object_to_json_string_ext(data, JSON_C_TO_STRING_PLAIN);

	for (; text && *text; text++)
		if (*text == '<' || *text == '>' || *text == '&')
			buf_printf(page, "\\u%04x", (unsigned int)*text);
		else
			buf_add(page, text, 1);
	if (!text)
		page->failed = true;
}

static int write_page(const char *path, struct json_object *data)
{
	const char *mark = strstr(status_page, MARK);
	AUTO_BUF struct buf page = { 0 };
	int r;

	buf_add(&page, status_page, (size_t)(mark - status_page));
	add_data(&page, data);
	buf_puts(&page, mark + strlen(MARK));
	r = page.failed ? -ENOMEM : publish_replace(path, 0644, page.data, page.size);
	return r < 0 ? cli_error(r, "%s", path) : 0;
}

int status_write_page(const struct status_list *list, const struct server_list *servers,
	struct client_session *s, const char *path)
{
	struct json_object *data = json_object_new_object();
	char server[256] = "";
	int r;

	gethostname(server, sizeof(server) - 1);
	add_text(data, "server", server);
	add_number(data, "now", list->now);
	json_object_object_add(data, "clients", json_clients(list));
	json_object_object_add(data, "servers", servers_json(servers));
	r = add_generations(data, list, s);
	if (r == 0)
		r = add_conflicts(data, list, s);
	if (r == 0)
		r = write_page(path, data);
	json_object_put(data);
	return r;
}
