#include "farm/client/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libvirt/virterror.h>

#include "farm/client/boot-files.h"
#include "farm/net/server.h"
#include "farm/results.h"
#include "farm/virt/lock.h"
#include "lib/array.h"
#include "lib/buf.h"
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
	client->name = client->label = virDomainGetName(domain);
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

static void release(struct client *c)
{
	if (c->name != c->label)
		free((char *)c->name);
	virDomainFree(c->domain);
}

static int add(struct client_list *list, const struct client_host *host, virDomainPtr domain,
	enum client_power power)
{
	struct client client = { .host = host, .power = power };
	int r = read_record(domain, &client);

	if (r <= 0)
		return r;
	if (host->is_one_of_several)
		client.name = client_name_on(host, client.label);
	if (!client.name || !ARRAY_GROW(list->client, list->n))
		return cli_error(-ENOMEM, "the clients");
	client.domain = domain;
	virDomainRef(domain);
	list->client[list->n++] = client;
	return 1;
}

int client_read_again(struct client *c)
{
	struct client now = { .host = c->host, .power = c->power, .probe = c->probe };
	virDomainPtr domain = virDomainLookupByUUIDString(c->host->connection, c->uuid);
	int r;

	if (!domain)
		return virt_error(NULL, "%s", c->name);
	r = read_record(domain, &now);
	if (r > 0 && c->host->is_one_of_several)
		now.name = client_name_on(c->host, now.label);
	if (r == 0)
		r = -cli_error(ENOENT, "%s is not a client any more", c->name);
	if (r > 0 && !now.name)
		r = cli_error(-ENOMEM, "%s", c->name);
	if (r < 0) {
		virDomainFree(domain);
		return r;
	}
	release(c);
	now.domain = domain;
	*c = now;
	return 0;
}

char *client_name_on(const struct client_host *host, const char *label)
{
	char *name;

	return asprintf(&name, "%s/%s", host->name, label) < 0 ? NULL : name;
}

int client_list_add(struct client_list *list, const struct client_host *host, virDomainPtr domain)
{
	return add(list, host, domain, CLIENT_OTHER);
}

static int load_kind(const struct client_host *host, struct client_list *list, size_t kind)
{
	virDomainPtr *domains = NULL;
	int n = virConnectListAllDomains(host->connection, &domains, kinds[kind].flag), r = 0;

	if (n < 0)
		return virt_error(NULL, "host %s: cannot list the domains", host->name);
	for (int i = 0; i < n; i++) {
		if (r >= 0)
			r = add(list, host, domains[i], kinds[kind].power);
		virDomainFree(domains[i]);
	}
	free(domains);
	return r < 0 ? r : 0;
}

static int by_name(const void *a, const void *b)
{
	const struct client *x = a, *y = b;

	return strverscmp(x->label, y->label);
}

/* A domain that changed its state between two of the questions is in both answers. */
static void remove_doubles(struct client_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++)
		if (kept && strcmp(list->client[kept - 1].uuid, list->client[i].uuid) == 0)
			release(&list->client[i]);
		else
			list->client[kept++] = list->client[i];
	list->n = kept;
}

int client_list_load(const struct client_host *host, struct client_list *list)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(kinds) && r == 0; i++)
		r = load_kind(host, list, i);
	if (list->n)
		qsort(list->client, list->n, sizeof(*list->client), by_name);
	remove_doubles(list);
	return r;
}

void client_list_free(struct client_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		release(&list->client[i]);
		if (list->client[i].probe)
			close(list->client[i].probe - 1);
	}
	free(list->client);
	*list = (struct client_list){ 0 };
}

int client_list_join(struct client_list *list, struct client_list *more)
{
	for (size_t i = 0; i < more->n; i++) {
		if (!ARRAY_GROW(list->client, list->n)) {
			memmove(more->client, more->client + i,
				(more->n - i) * sizeof(*more->client));
			more->n -= i;
			return cli_error(-ENOMEM, "the clients");
		}
		list->client[list->n++] = more->client[i];
	}
	more->n = 0;
	return 0;
}

struct client *client_list_find(const struct client_list *list, const char *label)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->client[i].label, label) == 0)
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

static int set_hosts(struct client_session *s)
{
	const struct farm_settings *settings = &s->context->settings;

	s->host = calloc(settings->n_named_hosts + 1, sizeof(*s->host));
	if (!s->host)
		return cli_error(-ENOMEM, "the hosts");
	s->n_hosts = settings->n_named_hosts + 1;
	for (size_t i = 0; i < s->n_hosts; i++) {
		const struct farm_host_settings *host =
			i ? &settings->named_host[i - 1] : &settings->host;

		s->host[i] = (struct client_host){ .name = host->name,
			.settings = host,
			.is_here = net_server_is_here(host->uri),
			.is_one_of_several = s->n_hosts > 1 };
	}
	return 0;
}

/* The only one: without it there is nothing to do. */
static int ask_one(struct client_session *s, bool read_only)
{
	struct client_host *host = s->host;
	int r = virt_open(host->settings->uri, read_only, &host->connection);

	if (r < 0)
		return r;
	host->state = HOST_ANSWERS;
	host->kind = virt_kind(host->connection);
	virt_watch(VIRT_CALL_LIMIT, "listing the domains");
	r = client_list_load(host, &s->list);
	virt_watch_end();
	return r;
}

/* Which hosts can have what words select? One of a host that is none is an error. */
static int find_needed(const struct client_session *s, char *const *words, bool *needed)
{
	for (; *words; words++) {
		bool any = false;

		for (size_t i = 0; i < s->n_hosts; i++)
			if (client_word_has_host(*words, s->host[i].name))
				needed[i] = any = true;
		if (!any)
			return client_host_unknown(s, *words);
	}
	return 0;
}

static int open_connections(struct client_session *s, bool read_only, char *const *words)
{
	AUTO_FREE bool *needed = NULL;
	int r = set_hosts(s);

	needed = calloc(s->n_hosts + 1, sizeof(*needed));
	if (r == 0 && !needed)
		r = cli_error(-ENOMEM, "the hosts");
	if (r == 0 && words && *words)
		r = find_needed(s, words, needed);
	else if (r == 0)
		memset(needed, true, s->n_hosts * sizeof(*needed));
	if (r < 0)
		return r;
	return s->n_hosts == 1 ? ask_one(s, read_only)
			       : client_hosts_ask(s->host, s->n_hosts, needed, read_only, &s->list);
}

/* The names of those that do not answer, " a b". */
static void name_silent(const struct client_session *s, struct buf *names)
{
	for (size_t i = 0; i < s->n_hosts; i++)
		if (s->host[i].state == HOST_SILENT)
			buf_printf(names, " %s", s->host[i].name);
	buf_add(names, "", 1);
}

int client_session_need_all(const struct client_session *s)
{
	AUTO_BUF struct buf names = { 0 };

	name_silent(s, &names);
	if (names.failed || names.size > 1)
		return -cli_error(ENOTCONN,
			"nothing was changed: the clients of these hosts are not known, and may "
			"have the same "
			"name or address, or use what is to go:%s; wait until they answer, or take "
			"them out "
			"of xenfarm.conf",
			names.failed ? "" : names.data);
	return 0;
}

const struct client_host *client_session_host(const struct client_session *s, const char *name)
{
	const struct client_host *host = NULL;

	for (size_t i = 0; i < s->n_hosts && !host; i++)
		if (!name || strcmp(s->host[i].name, name) == 0)
			host = &s->host[i];
	if (!host)
		client_host_unknown(s, name);
	else if (host->state != HOST_ANSWERS)
		cli_error(0, "host %s does not answer", host->name);
	return host && host->state == HOST_ANSWERS ? host : NULL;
}

/* The last line, so that it is not overlooked below what was done. */
static int say_incomplete(const struct client_session *s, int status)
{
	AUTO_BUF struct buf names = { 0 };

	if (!s->incomplete)
		return status;
	name_silent(s, &names);
	cli_error(0, "the clients of these hosts were left out, as they do not answer:%s",
		names.failed ? "" : names.data);
	return status ? status : EXIT_FAILURE;
}

int client_configure(struct farm_context *context)
{
	return context->share_path ? 0 : farm_context_configure(context);
}

int client_session_begin(
	struct client_session *s, struct farm_context *context, bool read_only, char *const *words)
{
	int r = client_configure(context);

	*s = (struct client_session){ .context = context, .lock = -1 };
	return r < 0 ? r : open_connections(s, read_only, words);
}

static int take_lock(struct client_session *s, const char *const *words)
{
	size_t n = 0;

	for (size_t i = 0; words[i] && n < sizeof(s->command); i++)
		n += (size_t)snprintf(
			s->command + n, sizeof(s->command) - n, "%s%s", i ? " " : "", words[i]);
	return client_session_lock(s, VIRT_LOCK_PATIENCE);
}

int client_session_lock(struct client_session *s, unsigned int seconds)
{
	s->lock = virt_lock(s->context->settings.run, s->command, seconds);
	return s->lock < 0 ? s->lock : 0;
}

int client_session_begin_change(struct client_session *s, struct farm_context *context,
	const char *const *command, char *const *words)
{
	bool dry_run = context->options.dry_run;
	int r = client_configure(context);

	*s = (struct client_session){ .context = context, .lock = -1 };
	if (r == 0 && !dry_run)
		r = take_lock(s, command);
	if (r == 0 && context->client_options.retry_failed)
		r = oplog_read(context->settings.log, &s->log);
	if (r < 0)
		return r;
	operation_begin(&s->operation, context->settings.log, command, dry_run);
	s->in_operation = true;
	return open_connections(s, dry_run, words);
}

void client_session_unlock(struct client_session *s)
{
	if (s->lock >= 0)
		close(s->lock);
	s->lock = -1;
}

int client_session_end(struct client_session *s, int r)
{
	int status = say_incomplete(s, farm_exit_status(r));

	if (s->in_operation)
		operation_end(&s->operation, status);
	client_list_free(&s->list);
	oplog_free(&s->log);
	client_hosts_close(s->host, s->n_hosts);
	free(s->host);
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

void client_result(struct client *c)
{
	int active = results_wanted() && c->domain ? virDomainIsActive(c->domain) : -1;

	if (active == 0)
		c->power = CLIENT_OFF;
	else if (active > 0 && c->power != CLIENT_PAUSED)
		c->power = CLIENT_RUNNING;
	if (active >= 0)
		results_state(c->name, client_state(c));
}

uint32_t client_generation(const struct client_session *s, const struct client *client)
{
	const struct record *r = &client->record;

	if (client->damaged)
		return 0;
	return r->pin ? r->pin
		      : boot_files_channel(s->context->settings.boot, r->share, r->channel);
}
