/* xenfarm client create: disk, domain, start, ready. Cut off anywhere, the same command completes
 * it, and `destroy` undoes it. */
#include "farm/client/create.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "farm/client/batch.h"
#include "farm/client/boot-files.h"
#include "farm/client/power.h"
#include "farm/client/remote.h"
#include "farm/client/rules.h"
#include "farm/output.h"
#include "farm/results.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

/* What the steps of one client work with. */
struct work {
	struct create_plan *plan;
	struct create_client *client;
};

static int step_boot_files(void *arg)
{
	const struct client_session *s = arg;

	return boot_files_update(
		s->context->settings.boot, &s->context->share, create_channel(s->context));
}

static uint32_t disk_size(const struct create_plan *p)
{
	const struct farm_context *c = p->session->context;

	return c->options.disk ? c->options.disk : c->settings.disk;
}

/* A blank one was left by a command that was killed: nobody knows its host key any more. */
static int step_disk(void *arg)
{
	const struct work *w = arg;
	struct create_client *c = w->client;
	int r = c->disk_kind == DISK_BLANK ? disk_unlink(c->disk) : 0;

	return r == 0 ? disk_make(c->disk, disk_size(w->plan), c->uuid, c->name, c->record.host_key)
		      : r;
}

static int step_define(void *arg)
{
	const struct work *w = arg;
	struct create_client *c = w->client;
	/* The key of the disk was not known when the domain was composed. */
	AUTO_FREE char *xml = domain_xml_change(
		c->xml, &(const struct domain_xml_change){ .record = &c->record });

	if (!xml)
		return cli_error(-ENOMEM, "%s", c->name);
	virt_watch(VIRT_CALL_LIMIT, "defining %s", c->name);
	c->client.domain = virDomainDefineXML(w->plan->host->connection, xml);
	virt_watch_end();
	if (!c->client.domain)
		return virt_error(NULL, "cannot define %s", c->name);
	c->client.label = c->label;
	c->client.name = c->name;
	c->client.host = w->plan->host;
	c->client.record = c->record;
	strcpy(c->client.uuid, c->uuid);
	return 0;
}

static int step_start(void *arg)
{
	const struct work *w = arg;

	return power_on(w->plan->session, &w->client->client);
}

static int step_ready(void *arg)
{
	const struct work *w = arg;
	struct create_client *c = w->client;
	struct client_title title = client_title(
		c->label, client_generation(w->plan->session, &c->client), RECORD_READY);

	c->record.state = RECORD_READY;
	return client_write(&c->client, title.text, &c->record);
}

static int make_disk(struct operation *op, struct work *w)
{
	const struct create_client *c = w->client;

	return operation_step(op, step_disk, w, "%s: make its disk, %s, of %u MiB", c->name,
		c->disk, disk_size(w->plan));
}

static int define(struct operation *op, struct work *w)
{
	const struct create_client *c = w->client;
	char address[XF_ADDR_TEXT_MAX];
	int r;

	r = operation_step(op, step_define, w, "%s: define its domain, address %s", c->name,
		xf_addr_format(&c->record.address, address));
	operation_show(op, "the domain", c->xml);
	return r;
}

/* Disk and domain. One that fails does not stop the others. */
static int make_one(struct create_plan *plan, struct create_client *c)
{
	struct operation *op = &plan->session->operation;
	struct work w = { plan, c };
	int r;

	if (c->kind == CREATE_THERE) {
		output_line("%s exists already, complete", c->name);
		results_already(c->name);
	}
	if (c->kind == CREATE_RESUMED)
		output_line("%s was cut off while it was created: completing it", c->name);
	/* Killed between the two names of the disk: the first one goes. */
	if (!op->dry_run && (c->kind == CREATE_RESUMED || c->disk_kind == DISK_BLANK))
		disk_sweep(c->disk);
	if (c->kind != CREATE_NEW)
		return 0;
	r = make_disk(op, &w);
	return r == 0 ? define(op, &w) : r;
}

static int start_one(struct create_plan *plan, struct create_client *c)
{
	struct operation *op = &plan->session->operation;
	struct work w = { plan, c };
	int r;

	if (c->kind == CREATE_THERE)
		return 0;
	r = operation_step(op, step_start, &w, "%s: start it", c->name);
	return r == 0 ? operation_step(op, step_ready, &w, "%s: write that it is ready", c->name)
		      : r;
}

/* Before one of them runs, the rules bind it to its address. */
static int step_rules(void *arg)
{
	const struct create_plan *p = arg;
	AUTO_FREE struct xf_addr *address = calloc(p->n + 1, sizeof(*address));
	size_t n = 0;

	if (!address)
		return cli_error(-ENOMEM, "the rules");
	for (size_t i = 0; i < p->n; i++)
		if (p->client[i].kind == CREATE_NEW && !p->client[i].failed)
			address[n++] = p->client[i].record.address;
	return client_rules_update(p->session, address, n, NULL, NULL);
}

static void do_each(struct create_plan *p, struct batch_failures *failures,
	int (*work)(struct create_plan *plan, struct create_client *c))
{
	for (size_t i = 0; i < p->n; i++) {
		struct create_client *c = &p->client[i];

		results_of(c->name);
		if (!c->failed && work(p, c) < 0) {
			c->failed = true;
			batch_failed(failures, &p->session->operation, c->name);
		}
		client_result(&c->client);
		results_of(NULL);
	}
}

static int create_all(struct create_plan *p)
{
	struct client_session *s = p->session;
	int r = operation_step(&s->operation, step_boot_files, s, "boot files of generation %u",
		create_generation(s->context));
	struct batch_failures failures = { 0 };

	if (r < 0)
		return r;
	do_each(p, &failures, make_one);
	r = operation_step(&s->operation, step_rules, p, "rules for their addresses");
	if (r == 0)
		do_each(p, &failures, start_one);
	if (batch_report(&failures, "created", p->n,
		    "the same command completes them, and `destroy` undoes them") < 0)
		return -EIO;
	return r;
}

/* --- on another host --- */

static void add_number(
	const char **words, size_t *n, const char *option, uint32_t value, char *text)
{
	if (!value)
		return;
	sprintf(text, "%u", value);
	words[(*n)++] = option;
	words[(*n)++] = text;
}

static void add_text(const char **words, size_t *n, const char *option, const char *value)
{
	if (!value)
		return;
	words[(*n)++] = option;
	words[(*n)++] = value;
}

/* The address is given, as only here those of all hosts are known. */
static int step_there(void *arg)
{
	const struct work *w = arg;
	const struct farm_context *context = w->plan->session->context;
	const struct cmd_client_options *o = &context->client_options;
	char address[XF_ADDR_TEXT_MAX], memory[16], cpus[16], disk[16];
	const char *words[20] = { NULL };
	size_t n = 0;

	add_text(words, &n, "--address", xf_addr_format(&w->client->record.address, address));
	add_text(words, &n, "--admin", o->admin);
	add_text(words, &n, "--channel", o->channel);
	add_text(words, &n, "--servers", o->servers);
	add_text(words, &n, "--share", context->options.share);
	add_number(words, &n, "--memory", context->options.memory, memory);
	add_number(words, &n, "--cpus", context->options.cpus, cpus);
	add_number(words, &n, "--disk", context->options.disk, disk);
	if (o->wait)
		words[n++] = "--wait";
	return remote_run(w->plan->host, "create", w->client->label, words);
}

static int make_there(struct create_plan *p, struct create_client *c)
{
	struct work w = { p, c };

	return operation_step(
		&p->session->operation, step_there, &w, "%s: create it there", c->name);
}

static int create_there(struct create_plan *p)
{
	struct batch_failures failures = { 0 };

	do_each(p, &failures, make_there);
	return batch_report(&failures, "created", p->n,
		"the same command completes them, and `destroy` undoes them");
}

static int wait_for_all(struct create_plan *p)
{
	struct client_selection all = { .client = calloc(p->n, sizeof(*all.client)) };
	int r;

	if (!all.client)
		return cli_error(-ENOMEM, "the clients");
	for (size_t i = 0; i < p->n; i++)
		all.client[all.n++] = &p->client[i].client;
	client_session_unlock(p->session);
	r = batch_run(p->session, &all, &client_wait_answer);
	client_selection_free(&all);
	return r;
}

int client_create(void *options, char **arguments)
{
	struct farm_context *c = options;
	AUTO_FREE const char **words = client_words("create", arguments);
	struct client_session s = { .lock = -1 };
	struct create_plan plan = { 0 };
	int r;

	if (!words || create_check(c, arguments) < 0)
		return EXIT_FAILURE;
	r = client_session_begin_change(&s, c, words, NULL);
	if (r == 0)
		r = create_plan_make(&plan, &s, arguments);
	if (r == 0)
		r = plan.host->is_here ? create_all(&plan) : create_there(&plan);
	if (r == 0 && plan.host->is_here && c->client_options.wait && !c->options.dry_run)
		r = wait_for_all(&plan);
	create_plan_free(&plan);
	return client_session_end(&s, r);
}
