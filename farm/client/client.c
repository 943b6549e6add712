#include "farm/client/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libvirt/virterror.h>

#include "farm/client/boot-files.h"
#include "farm/virt/lock.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

/* --- the list --- */

/* libvirt is asked for each kind of state: one question for all domains, not one for each. */
static const struct {
	unsigned int flag;
	enum client_power power;
} kinds[] = {
	{ VIR_CONNECT_LIST_DOMAINS_RUNNING, CLIENT_RUNNING },
	{ VIR_CONNECT_LIST_DOMAINS_SHUTOFF, CLIENT_OFF },
	{ VIR_CONNECT_LIST_DOMAINS_PAUSED, CLIENT_PAUSED },
	{ VIR_CONNECT_LIST_DOMAINS_OTHER, CLIENT_OTHER },
};

/* 1: a client's; 0: of no client; -errno after a message. */
static int read_record(virDomainPtr domain, struct client *client)
{
	AUTO_FREE char *element = NULL;

	/* Before what can fail: each call forgets why the last one did. */
	client->name = virDomainGetName(domain);
	element = virt_record(domain);
	if (!element && virt_errno() == -ENOENT)
		return 0; /* also where it was removed since it was listed */
	if (!element)
		return virt_error(NULL, "cannot read the record of %s", client->name);
	client->damaged = NULL;
	if (record_parse(element, &client->record, &client->damaged) == 0 &&
		client->record.role != RECORD_CLIENT)
		return 0;
	if (virDomainGetUUIDString(domain, client->uuid) < 0)
		return virt_error(NULL, "cannot read the UUID of %s", client->name);
	return 1;
}

static int add(struct client_list *list, virDomainPtr domain, enum client_power power)
{
	struct client client = { .power = power };
	int r = read_record(domain, &client);

	if (r <= 0)
		return r;
	if (!ARRAY_GROW(list->client, list->n))
		return cli_error(-ENOMEM, "the clients");
	client.domain = domain;
	virDomainRef(domain);
	list->client[list->n++] = client;
	return 1;
}

int client_list_add(struct client_list *list, virDomainPtr domain)
{
	return add(list, domain, CLIENT_OTHER);
}

static int load_kind(virConnectPtr connection, struct client_list *list, size_t kind)
{
	virDomainPtr *domains = NULL;
	int n = virConnectListAllDomains(connection, &domains, kinds[kind].flag), r = 0;

	if (n < 0)
		return virt_error(NULL, "cannot list the domains");
	for (int i = 0; i < n; i++) {
		if (r >= 0)
			r = add(list, domains[i], kinds[kind].power);
		virDomainFree(domains[i]);
	}
	free(domains);
	return r < 0 ? r : 0;
}

static int by_name(const void *a, const void *b)
{
	const struct client *x = a, *y = b;

	return strverscmp(x->name, y->name);
}

/* A domain that changed its state between two of the questions is in both answers. */
static void remove_doubles(struct client_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++)
		if (kept && strcmp(list->client[kept - 1].uuid, list->client[i].uuid) == 0)
			virDomainFree(list->client[i].domain);
		else
			list->client[kept++] = list->client[i];
	list->n = kept;
}

int client_list_load(virConnectPtr connection, struct client_list *list)
{
	int r = 0;

	virt_watch(VIRT_CALL_LIMIT, "listing the domains");
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && r == 0; i++)
		r = load_kind(connection, list, i);
	virt_watch_end();
	if (list->n)
		qsort(list->client, list->n, sizeof(*list->client), by_name);
	remove_doubles(list);
	return r;
}

void client_list_free(struct client_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		virDomainFree(list->client[i].domain);
		if (list->client[i].probe)
			close(list->client[i].probe - 1);
	}
	free(list->client);
	*list = (struct client_list){ 0 };
}

struct client *client_list_find(const struct client_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->client[i].name, name) == 0)
			return &list->client[i];
	return NULL;
}

const char *client_power_name(enum client_power power)
{
	static const char *const names[] = { [CLIENT_OFF] = "off",
		[CLIENT_RUNNING] = "running",
		[CLIENT_PAUSED] = "paused",
		[CLIENT_OTHER] = "other" };

	return names[power];
}

const char *client_state(const struct client *c)
{
	if (c->damaged)
		return "damaged";
	return c->record.state == RECORD_CREATING ? "creating" : client_power_name(c->power);
}

/* --- the session --- */

static int open_connection(struct client_session *s, bool read_only)
{
	int r = virt_open(s->context->settings.host.uri, read_only, &s->connection);

	if (r < 0)
		return r;
	s->kind = virt_kind(s->connection);
	return client_list_load(s->connection, &s->list);
}

int client_configure(struct farm_context *context)
{
	return context->share_path ? 0 : farm_context_configure(context);
}

int client_session_begin(struct client_session *s, struct farm_context *context, bool read_only)
{
	int r = client_configure(context);

	*s = (struct client_session){ .context = context, .lock = -1 };
	return r < 0 ? r : open_connection(s, read_only);
}

static int take_lock(struct client_session *s, const char *const *words)
{
	char command[256] = "";
	size_t n = 0;

	for (size_t i = 0; words[i] && n < sizeof(command); i++)
		n += (size_t)snprintf(
			command + n, sizeof(command) - n, "%s%s", i ? " " : "", words[i]);
	s->lock = virt_lock(s->context->settings.run, command);
	return s->lock < 0 ? s->lock : 0;
}

int client_session_begin_change(
	struct client_session *s, struct farm_context *context, const char *const *words)
{
	bool dry_run = context->options.dry_run;
	int r = client_configure(context);

	*s = (struct client_session){ .context = context, .lock = -1 };
	if (r == 0 && !dry_run)
		r = take_lock(s, words);
	if (r == 0 && context->client_options.retry_failed)
		r = oplog_read(context->settings.log, &s->log);
	if (r < 0)
		return r;
	operation_begin(&s->operation, context->settings.log, words, dry_run);
	s->in_operation = true;
	return open_connection(s, dry_run);
}

void client_session_unlock(struct client_session *s)
{
	if (s->lock >= 0)
		close(s->lock);
	s->lock = -1;
}

int client_session_end(struct client_session *s, int r)
{
	int status = farm_exit_status(r);

	if (s->in_operation)
		operation_end(&s->operation, status);
	client_list_free(&s->list);
	oplog_free(&s->log);
	virt_close(&s->connection);
	client_session_unlock(s);
	return status;
}

const char **client_words(const char *command, char *const *arguments)
{
	const char **words;
	size_t n = 0;

	while (arguments[n])
		n++;
	words = calloc(n + 3, sizeof(*words));
	if (!words) {
		cli_error(-ENOMEM, "client %s", command);
		return NULL;
	}
	words[0] = "client";
	words[1] = command;
	memcpy(words + 2, arguments, n * sizeof(*words));
	return words;
}

/* --- its share --- */

/* Is it the share at path? 1 or 0, or -errno after a message. What is not there is another's. */
static int try_share(struct share_store *share, const char *path, const char *uuid)
{
	int r;

	share_close(share);
	*share = (struct share_store){ .dir = -1, .lock = -1 };
	if (access(path, F_OK) < 0)
		return 0;
	r = share_open(path, share);
	return r < 0 ? r : strcmp(share->uuid, uuid) == 0;
}

int client_open_share(struct client_session *s, const char *uuid)
{
	struct farm_context *c = s->context;
	const struct farm_settings *settings = &c->settings;
	int r;

	if (c->share.dir >= 0 && strcmp(c->share.uuid, uuid) == 0)
		return 0;
	r = try_share(&c->share, c->share_path, uuid);
	if (r == 0)
		r = try_share(&c->share, settings->share.path, uuid);
	for (size_t i = 0; i < settings->n_named_shares && r == 0; i++)
		r = try_share(&c->share, settings->named_share[i].path, uuid);
	return r > 0 ? 0 : r < 0 ? r : -ENOENT;
}

/* --- one client --- */

struct client_title client_title(const char *name, uint32_t generation, enum record_state state)
{
	struct client_title title;

	snprintf(title.text, sizeof(title.text), "%s: generation %u, %s", name, generation,
		record_state_name(state));
	return title;
}

/* Flags have to follow the state: LIVE of a domain that is off is an error. */
int client_write(struct client *client, const char *title, const struct record *record)
{
	unsigned int flags = VIR_DOMAIN_AFFECT_CONFIG;
	AUTO_FREE char *element = record_format_bare(record);

	if (!element)
		return cli_error(-ENOMEM, "%s", client->name);
	if (virDomainIsActive(client->domain) > 0)
		flags |= VIR_DOMAIN_AFFECT_LIVE;
	if (virDomainSetMetadata(
		    client->domain, VIR_DOMAIN_METADATA_TITLE, title, NULL, NULL, flags) < 0 ||
		virDomainSetMetadata(client->domain, VIR_DOMAIN_METADATA_ELEMENT, element,
			RECORD_PREFIX, RECORD_NAMESPACE, flags) < 0)
		return virt_error(NULL, "cannot write the record of %s", client->name);
	client->record = *record;
	return 0;
}

struct client_source client_source(const struct record *record)
{
	struct client_source start;

	if (record->pin)
		snprintf(start.text, sizeof(start.text), "%u", record->pin);
	else
		snprintf(start.text, sizeof(start.text), "%s", record->channel);
	return start;
}

uint32_t client_generation(const struct client_session *s, const struct client *client)
{
	const struct record *r = &client->record;

	if (client->damaged)
		return 0;
	return r->pin ? r->pin
		      : boot_files_channel(s->context->settings.boot, r->share, r->channel);
}
