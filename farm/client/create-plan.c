#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "farm/client/cmdline.h"
#include "farm/client/console-log.h"
#include "farm/client/create.h"
#include "farm/client/servers.h"
#include "farm/name.h"
#include "farm/net/server.h"
#include "farm/virt/kvm.h"
#include "lib/cleanup.h"
#include "lib/cli.h"

/* A random UUID, version 4 of RFC 9562. */
static int make_uuid(char text[static RECORD_UUID_SIZE])
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != sizeof(b))
		return cli_error(-errno, "no random number");
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	for (size_t i = 0; i < sizeof(b); i++)
		text += sprintf(
			text, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", b[i]);
	return 0;
}

/* --- the command line --- */

static int check_names(char *const *names)
{
	const char *wrong;

	for (size_t i = 0; names[i]; i++) {
		if ((wrong = name_check(names[i])) != NULL)
			return -cli_error(EINVAL,
				"\"%.80s\" cannot be a client's name: it %s; a name is a host "
				"name, such "
				"as web1",
				names[i], wrong);
		for (size_t j = 0; j < i; j++)
			if (strcmp(names[i], names[j]) == 0)
				return -cli_error(EINVAL, "%s is named twice", names[i]);
	}
	return 0;
}

int create_check(struct farm_context *c, char *const *names)
{
	const struct cmd_client_options *o = &c->client_options;
	const char *wrong = o->admin ? record_check_admin(o->admin) : NULL;

	if (wrong)
		return -cli_error(EINVAL, "--admin %s", wrong);
	if (o->address && names[1])
		return -cli_error(EINVAL, "--address is for one client, not for several");
	if (check_names(names) < 0)
		return -EINVAL;
	return client_configure(c);
}

/* --- the channel --- */

const char *create_channel(const struct farm_context *c)
{
	return c->client_options.channel ? c->client_options.channel : CHANNEL_LIVE;
}

uint32_t create_generation(const struct farm_context *c)
{
	const struct channel *channel = channel_find(&c->share, create_channel(c));

	return channel ? channel->generation : 0;
}

/* --- the server --- */

/* Of the server that clients of a host mount from. */
static int parse_address(const struct farm_settings *settings,
	const struct farm_host_settings *host, struct net_farm *farm)
{
	const char *address = host->address ? host->address : settings->address;
	const char *wrong = net_parse_address(farm, address);

	if (wrong || farm->server.family != 4)
		return -cli_error(EINVAL, "xenfarm.conf, address: %s %s", address,
			wrong ? wrong : "is not an IPv4 address, which clients need");
	return net_server_others(settings, farm);
}

static int read_network(struct create_plan *p)
{
	const struct farm_settings *settings = &p->session->context->settings;
	virNetworkPtr network;
	int r = parse_address(settings, p->host->settings, &p->farm);

	if (r < 0)
		return r;
	network = virNetworkLookupByName(p->host->connection, settings->network);
	if (!network)
		return virt_error(
			"run `xenfarm init`", "the clients' network, %s", settings->network);
	if (virNetworkIsActive(network) == 0) {
		virNetworkFree(network);
		return -cli_error(ENETDOWN,
			"the clients' network, %s, is not active; run `virsh net-start %s`",
			settings->network, settings->network);
	}
	virNetworkFree(network);
	return 0;
}

static int open_share(struct client_session *s)
{
	struct farm_context *c = s->context;
	int r = share_open(c->share_path, &c->share);

	if (r == 0 && !c->share.current)
		return -cli_error(ENOENT,
			"%s has no generation yet; publish one: `xenfarm share publish --from …`",
			c->share_path);
	if (r == 0 && !channel_need(&c->share, create_channel(c)))
		return -ENOENT;
	if (r == 0 && !create_generation(c))
		return -cli_error(ENOENT,
			"channel %s has no generation yet: its making was cut off; `xenfarm share "
			"channel create %s` completes it",
			create_channel(c), create_channel(c));
	return r;
}

/* Of another host libvirt is asked: it says nothing of a KVM that does not work. */
static bool has_kvm(const struct create_plan *p)
{
	AUTO_FREE char *capabilities = NULL;

	if (p->host->is_here)
		return kvm_works(p->session->context->settings.run);
	capabilities =
		virConnectGetDomainCapabilities(p->host->connection, NULL, NULL, NULL, "kvm", 0);
	return capabilities != NULL;
}

static enum domain_xml_type type_of(const struct create_plan *p)
{
	if (p->host->kind == VIRT_XEN)
		return DOMAIN_XML_XEN;
	if (p->host->kind == VIRT_TEST)
		return DOMAIN_XML_TEST;
	return has_kvm(p) ? DOMAIN_XML_KVM : DOMAIN_XML_QEMU;
}

/* --- addresses --- */

/* All clients' count, whatever share and host they have, and other servers'; one whose record is
 * damaged may have any. */
static int collect_addresses(struct create_plan *p)
{
	const struct client_session *s = p->session;
	const struct client_list *list = &s->list;
	struct net_farm farm;

	p->used = calloc(list->n + s->n_hosts + p->farm.n_others + p->n + 1, sizeof(*p->used));
	if (!p->used)
		return cli_error(-ENOMEM, "addresses");
	for (size_t i = 0; i < list->n; i++) {
		if (list->client[i].damaged)
			return -cli_error(EINVAL,
				"the record of %s is damaged (%s), so that its address is not "
				"known; mend "
				"it with `virsh metadata --config`, or destroy it",
				list->client[i].name, list->client[i].damaged);
		p->used[p->n_used++] = address_of(&list->client[i].record.address);
	}
	for (size_t i = 0; i < p->farm.n_others; i++)
		p->used[p->n_used++] = address_of(&p->farm.other[i]);
	for (size_t i = 1; i < s->n_hosts; i++) {
		if (parse_address(&s->context->settings, s->host[i].settings, &farm) < 0)
			return -EINVAL;
		p->used[p->n_used++] = address_of(&farm.server);
	}
	return 0;
}

static int choose_address(struct create_plan *p, struct create_client *c)
{
	const char *text = p->session->context->client_options.address, *wrong;
	struct xf_addr *address = &c->record.address;
	uint32_t first_free = text ? 0 : address_first_free(&p->farm, p->used, p->n_used);

	if (text && xf_addr_parse(text, strlen(text), address) < 0)
		return -cli_error(EINVAL, "--address: \"%s\" is not an IPv4 address", text);
	if (!text && !first_free)
		return -cli_error(ENOSPC, "no address is free in the clients' network, %s",
			p->session->context->settings.address);
	if (!text)
		*address = address_to(first_free);
	wrong = address_check(&p->farm, address, p->used, p->n_used);
	if (wrong)
		return -cli_error(EINVAL, "--address: %s %s", text ? text : "", wrong);
	p->used[p->n_used++] = address_of(address);
	return 0;
}

/* --- one client --- */

static int check_same(const struct create_plan *p, const struct create_client *c)
{
	const struct farm_context *context = p->session->context;
	const char *text = context->client_options.address;
	const char *channel = context->client_options.channel;
	struct xf_addr address;

	if (channel && strcmp(c->record.channel, channel) != 0)
		return -cli_error(EEXIST,
			"%s exists already, in channel %s; `xenfarm client set %s --channel %s` "
			"brings it to another",
			c->name, c->record.channel, c->name, channel);
	if (strcmp(c->record.share, context->share.uuid) != 0)
		return -cli_error(EEXIST, "%s exists already, with another share (%s)", c->name,
			c->record.share);
	if (text && (xf_addr_parse(text, strlen(text), &address) < 0 || address.family != 4 ||
			    address_of(&address) != address_of(&c->record.address)))
		return -cli_error(EEXIST, "%s exists already, with another address", c->name);
	return 0;
}

/* The domain is there: ours, complete or not, or another's. */
static int plan_existing(
	const struct create_plan *p, struct create_client *c, const struct client *client)
{
	AUTO_FREE char *xml = NULL;
	AUTO_DOMAIN_XML struct domain_xml_read domain = { 0 };

	c->record = client->record;
	c->client = *client;
	virDomainRef(client->domain);
	strcpy(c->uuid, client->uuid);
	c->kind = client->record.state == RECORD_READY ? CREATE_THERE : CREATE_RESUMED;
	xml = virDomainGetXMLDesc(client->domain, VIR_DOMAIN_XML_INACTIVE);
	if (!xml)
		return virt_error(NULL, "cannot read the domain %s", c->name);
	if (domain_xml_parse(xml, &domain) < 0 || !domain.disk)
		return -cli_error(EINVAL, "%s exists already, and has no disk", c->name);
	c->disk = strdup(domain.disk);
	return c->disk ? check_same(p, c) : cli_error(-ENOMEM, "%s", c->name);
}

static int refuse_domain(const char *name)
{
	return -cli_error(EEXIST,
		"%s is a domain already, but not a client of this farm, and is left alone; take "
		"another "
		"name",
		name);
}

static void set_record(const struct create_plan *p, struct create_client *c)
{
	const struct farm_context *context = p->session->context;
	const char *admin = context->client_options.admin;
	time_t now = time(NULL);
	struct tm tm;

	c->record.role = RECORD_CLIENT;
	c->record.state = RECORD_CREATING;
	strcpy(c->record.share, context->share.uuid);
	strcpy(c->record.channel, create_channel(context));
	snprintf(c->record.admin, sizeof(c->record.admin), "%s", admin ? admin : "");
	strftime(c->record.created, sizeof(c->record.created), "%Y-%m-%dT%H:%M:%SZ",
		gmtime_r(&now, &tm));
}

/* The name of the domain that has a UUID, the caller's to free, or NULL. */
static char *owner_of(const struct create_plan *p, const char *uuid)
{
	const struct client_list *list = &p->session->list;
	AUTO_VIRT_DOMAIN virDomainPtr domain = NULL;

	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->client[i].uuid, uuid) == 0)
			return strdup(list->client[i].name);
	domain = virDomainLookupByUUIDString(p->host->connection, uuid);
	return domain ? strdup(virDomainGetName(domain)) : NULL;
}

/* A blank disk that no domain has was left by one that was killed: its UUID becomes the domain's.
 */
static int choose_uuid(struct create_plan *p, struct create_client *c)
{
	AUTO_FREE char *other = NULL;

	if (c->disk_kind == DISK_ABSENT)
		return make_uuid(c->uuid);
	other = c->disk_kind == DISK_FOREIGN ? NULL : owner_of(p, c->uuid);
	if (c->disk_kind == DISK_BLANK && !other)
		return 0;
	if (other) {
		cli_error(0, "%s is the disk of another client, %s", c->disk, other);
	} else if (c->disk_kind == DISK_USED) {
		cli_error(0,
			"%s is the disk of an earlier client, with its data; remove it, or move it "
			"away",
			c->disk);
	} else {
		cli_error(0,
			"%s is not a disk that xenfarm made, and is left alone; take another name",
			c->disk);
	}
	return -EEXIST;
}

static int plan_new(struct create_plan *p, struct create_client *c)
{
	int r;

	c->disk = disk_path(p->session->context->settings.disks, c->label);
	if (!c->disk)
		return cli_error(-ENOMEM, "%s", c->name);
	r = disk_look(c->disk, &c->disk_kind, c->uuid);
	if (r < 0)
		return cli_error(r, "%s", c->disk);
	r = choose_uuid(p, c);
	if (r == 0)
		r = choose_address(p, c);
	if (r == 0)
		set_record(p, c);
	return r;
}

static int check_servers(const struct create_plan *p, const struct create_client *c)
{
	const char *servers = p->session->context->client_options.servers, *wrong;
	char text[XF_WORD_MAX];

	wrong = client_servers_format(&p->farm, &c->record.address, servers, text);
	return wrong ? -cli_error(EINVAL, "--servers %.200s: it %s", servers ? servers : "", wrong)
		     : 0;
}

static int compose(struct create_plan *p, struct create_client *c)
{
	const struct farm_context *context = p->session->context;
	const struct farm_settings *s = &context->settings;
	const struct farm_options *o = &context->options;
	const struct client_cmdline line = { .console =
						     p->type == DOMAIN_XML_XEN ? "hvc0" : "ttyS0",
		.name = c->label,
		.uuid = c->uuid,
		.share = context->share.path,
		.farm = &p->farm,
		.servers = context->client_options.servers,
		.address = c->record.address,
		.channel = c->record.channel };
	AUTO_FREE char *console = console_log_path(s, c->uuid);
	char kernel[PATH_MAX], initrd[PATH_MAX], device[NET_DEVICE_MAX];
	const char *wrong = NULL;
	AUTO_FREE char *cmdline = client_cmdline_format(&line, &wrong);
	struct client_title title =
		client_title(c->label, create_generation(context), RECORD_CREATING);
	struct domain_xml_mac mac = domain_xml_mac(&c->record.address);
	const struct domain_xml domain = { .type = p->type,
		.name = c->label,
		.uuid = c->uuid,
		.title = title.text,
		.memory = o->memory ? o->memory : s->memory,
		.cpus = o->cpus ? o->cpus : s->cpus,
		.kernel = kernel,
		.initrd = initrd,
		.cmdline = cmdline,
		.disk = c->disk,
		.network = s->network,
		.bridge = s->bridge,
		.script = "/etc/xen/scripts/vif-xenfarm",
		.device = device,
		.mac = mac.text,
		.console_log = console,
		.record = c->record };

	if (wrong)
		return -cli_error(EINVAL, "%s: the path of the share, %s, %s", c->name,
			context->share.path, wrong);
	net_device(&c->record.address, device);
	snprintf(kernel, sizeof(kernel), "%s/%s/%s/vmlinuz", s->boot, context->share.uuid,
		c->record.channel);
	snprintf(initrd, sizeof(initrd), "%s/%s/%s/initrd", s->boot, context->share.uuid,
		c->record.channel);
	c->xml = cmdline && console ? domain_xml_format(&domain) : NULL;
	return c->xml ? 0 : cli_error(-ENOMEM, "%s", c->name);
}

/*
 * A domain that was not listed: another's, or a client's that libvirt has defined only now, for a
 * command that was killed when it had asked for it.
 */
static int plan_unlisted(struct create_plan *p, struct create_client *c, virDomainPtr domain)
{
	struct client_list *list = &p->session->list;

	if (client_list_add(list, p->host, domain) <= 0 || list->client[list->n - 1].damaged)
		return refuse_domain(c->name);
	p->used[p->n_used++] = address_of(&list->client[list->n - 1].record.address);
	return plan_existing(p, c, &list->client[list->n - 1]);
}

static int plan_client(struct create_plan *p, struct create_client *c)
{
	const struct client *client = client_list_find(&p->session->list, c->label);
	AUTO_VIRT_DOMAIN virDomainPtr domain = NULL;
	int r;

	if (client && client->host != p->host)
		return -cli_error(EEXIST,
			"%s exists already, and a name is that of one client in the farm; take "
			"another",
			client->name);
	if (client && !p->host->is_here) {
		c->record = client->record;
		return 0;
	}
	if (client)
		return plan_existing(p, c, client);
	if (!p->host->is_here)
		return choose_address(p, c);
	domain = virDomainLookupByName(p->host->connection, c->label);
	if (domain)
		return plan_unlisted(p, c, domain);
	if (virt_errno() != -ENOENT)
		return virt_error(NULL, "cannot look for a domain %s", c->name);
	r = plan_new(p, c);
	if (r == 0)
		r = check_servers(p, c);
	return r == 0 ? compose(p, c) : r;
}

/* Not one of them is there only to be made again: then the name is a mistake. */
static int check_any(const struct create_plan *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->client[i].kind != CREATE_THERE)
			return 0;
	return -cli_error(
		EEXIST, "%s exists already; take another name, or destroy it", p->client[0].name);
}

static int plan_all(struct create_plan *p, char *const *names)
{
	int r = 0, one;

	while (names[p->n])
		p->n++;
	p->client = calloc(p->n, sizeof(*p->client));
	if (!p->client)
		return cli_error(-ENOMEM, "the clients");
	r = collect_addresses(p);
	if (r < 0)
		return r;
	for (size_t i = 0; i < p->n; i++) {
		p->client[i].label = names[i];
		p->client[i].name = p->host->is_one_of_several ? client_name_on(p->host, names[i])
							       : strdup(names[i]);
		if (!p->client[i].name)
			return cli_error(-ENOMEM, "the clients");
		if ((one = plan_client(p, &p->client[i])) < 0)
			r = one;
	}
	return r < 0 ? r : check_any(p);
}

/* xenfarm on that host checks all that is its own; names and addresses are the farm's. */
static int plan_there(struct create_plan *p, char *const *names)
{
	int r = parse_address(&p->session->context->settings, p->host->settings, &p->farm);

	return r < 0 ? r : plan_all(p, names);
}

int create_plan_make(struct create_plan *p, struct client_session *session, char *const *names)
{
	int r;

	*p = (struct create_plan){ .session = session };
	r = client_session_need_all(session);
	if (r == 0 &&
		!(p->host = client_session_host(session, session->context->client_options.host)))
		r = -ENOENT;
	if (r == 0 && !p->host->is_here)
		return plan_there(p, names);
	if (r == 0)
		r = open_share(session);
	if (r == 0)
		r = read_network(p);
	if (r < 0)
		return r;
	p->type = type_of(p);
	return plan_all(p, names);
}

void create_plan_free(struct create_plan *p)
{
	for (size_t i = 0; i < p->n && p->client; i++) {
		virt_free_domain(&p->client[i].client.domain);
		free(p->client[i].name);
		free(p->client[i].disk);
		free(p->client[i].xml);
	}
	free(p->client);
	free(p->used);
}
