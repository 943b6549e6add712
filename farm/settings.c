#include "farm/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "farm/group.h"
#include "farm/name.h"
#include "kernel-cmdline/xfnet.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/conf.h"
#include "lib/paths.h"

#define HOST_TIMEOUT 10 /* seconds */

#define SETTING(name, set, member)                                \
	{                                                         \
		name, set, offsetof(struct farm_settings, member) \
	}

static const char *set_port(void *to, const char *text)
{
	const char *wrong = value_number(to, text);

	return !wrong && *(uint32_t *)to > UINT16_MAX ? "is not a TCP port" : wrong;
}

static const struct conf_setting farm[] = {
	SETTING("share", value_absolute, share.path),
	SETTING("key", value_absolute, share.key),
	SETTING("mkinitrd", value_text, share.mkinitrd),
	SETTING("keep", value_number, share.keep),
	SETTING("uri", value_text, host.uri),
	SETTING("network", value_text, network),
	SETTING("bridge", value_text, bridge),
	SETTING("address", value_text, address),
	SETTING("ports", value_text, ports),
	SETTING("master-network", value_text, master_network),
	SETTING("master-bridge", value_text, master_bridge),
	SETTING("master-address", value_text, master_address),
	SETTING("proxy", value_text, proxy),
	SETTING("mirror", value_text, mirror),
	SETTING("client-packages", value_text, client_packages),
	SETTING("disks", value_absolute, disks),
	SETTING("boot", value_absolute, boot),
	SETTING("log", value_absolute, log),
	SETTING("ssh-ca", value_absolute, ssh_ca),
	SETTING("run", value_absolute, run),
	SETTING("fleet", value_absolute, fleet),
	SETTING("agent-port", set_port, agent_port),
	SETTING("memory", value_number, memory),
	SETTING("cpus", value_number, cpus),
	SETTING("disk", value_number, disk),
};

static const struct conf_setting of_share[] = {
	{ "path", value_absolute, offsetof(struct farm_share_settings, path) },
	{ "key", value_absolute, offsetof(struct farm_share_settings, key) },
	{ "mkinitrd", value_text, offsetof(struct farm_share_settings, mkinitrd) },
	{ "keep", value_number, offsetof(struct farm_share_settings, keep) },
};

static const struct conf_setting of_host[] = {
	{ "uri", value_text, offsetof(struct farm_host_settings, uri) },
	{ "address", value_text, offsetof(struct farm_host_settings, address) },
	{ "timeout", value_number, offsetof(struct farm_host_settings, timeout) },
};

static const struct conf_setting of_server[] = {
	{ "address", value_text, offsetof(struct farm_server_settings, address) },
	{ "ssh", value_text, offsetof(struct farm_server_settings, ssh) },
};

static const char *set_clients(void *to, const char *text)
{
	const char *wrong = group_check(text);

	return wrong ? wrong : value_text(to, text);
}

static const struct conf_setting of_group[] = {
	{ "clients", set_clients, offsetof(struct farm_group_settings, clients) },
};

/* What it does not set is as it is for the share without a name; but two shares are not one. */
static const char *begin_share(void *to, char *name, void **section)
{
	struct farm_settings *s = to;
	const char *wrong = name_check(name);

	if (!wrong && farm_settings_share(s, name))
		wrong = "is the second share of this name";
	if (wrong)
		return wrong;
	if (!ARRAY_GROW(s->named_share, s->n_named_shares))
		return "needs more memory";
	*section = &s->named_share[s->n_named_shares];
	s->named_share[s->n_named_shares] = s->share;
	s->named_share[s->n_named_shares].name = name;
	s->named_share[s->n_named_shares++].path = NULL;
	return NULL;
}

static const char *begin_host(void *to, char *name, void **section)
{
	struct farm_settings *s = to;
	const char *wrong = name_check(name);

	if (!wrong && strcmp(name, FARM_HOST_FIRST) == 0)
		wrong = "is what the host of the first uri is called";
	for (size_t i = 0; i < s->n_named_hosts && !wrong; i++)
		if (strcmp(s->named_host[i].name, name) == 0)
			wrong = "is the second host of this name";
	if (wrong)
		return wrong;
	if (!ARRAY_GROW(s->named_host, s->n_named_hosts))
		return "needs more memory";
	s->named_host[s->n_named_hosts] =
		(struct farm_host_settings){ .name = name, .timeout = HOST_TIMEOUT };
	*section = &s->named_host[s->n_named_hosts++];
	return NULL;
}

static const char *begin_server(void *to, char *name, void **section)
{
	struct farm_settings *s = to;
	const char *wrong = name_check(name);

	if (!wrong && farm_settings_server(s, name))
		wrong = "is the second server of this name";
	if (!wrong && s->n_servers == XF_SERVERS_MAX - 1)
		wrong = "is one server more than clients can name";
	if (wrong)
		return wrong;
	if (!ARRAY_GROW(s->server, s->n_servers))
		return "needs more memory";
	s->server[s->n_servers] = (struct farm_server_settings){ .name = name, .ssh = name };
	*section = &s->server[s->n_servers++];
	return NULL;
}

static const char *begin_group(void *to, char *name, void **section)
{
	struct farm_settings *s = to;
	const char *wrong = name_check(name);

	if (!wrong && farm_settings_group(s, name))
		wrong = "is the second group of this name";
	if (wrong)
		return wrong;
	if (!ARRAY_GROW(s->group, s->n_groups))
		return "needs more memory";
	s->group[s->n_groups] = (struct farm_group_settings){ .name = name };
	*section = &s->group[s->n_groups++];
	return NULL;
}

static const struct conf_section sections[] = {
	{ "share", of_share, ARRAY_SIZE(of_share), begin_share },
	{ "host", of_host, ARRAY_SIZE(of_host), begin_host },
	{ "server", of_server, ARRAY_SIZE(of_server), begin_server },
	{ "group", of_group, ARRAY_SIZE(of_group), begin_group },
};

static const struct conf_dialect dialect = { farm, ARRAY_SIZE(farm), sections,
	ARRAY_SIZE(sections) };

static void set_defaults(struct farm_settings *s)
{
	s->share.path = PATH_SERVER_SHARE;
	s->share.key = XF_SYSCONFDIR "/xenfarm/share.key";
	s->share.mkinitrd = "";
	s->share.keep = 5;
	s->host.name = FARM_HOST_FIRST;
	s->host.uri = "qemu:///system";
	s->host.timeout = HOST_TIMEOUT;
	s->network = "xenfarm";
	s->bridge = "xenfarm0";
	s->address = "10.77.0.1/16";
	s->ports = "2049";
	s->master_network = "xenfarm-master";
	s->master_bridge = "xenfarm-m0";
	s->master_address = "10.78.0.1/24";
	s->proxy = "";
	s->mirror = "";
	s->disks = "/var/lib/libvirt/images";
	s->boot = "/var/lib/xenfarm/boot";
	s->log = "/var/log/xenfarm/log";
	s->ssh_ca = XF_SYSCONFDIR "/xenfarm/ssh-ca";
	s->run = "/run/xenfarm";
	s->fleet = "/var/lib/xenfarm/fleet";
	s->agent_port = 8650;
	s->memory = 512;
	s->cpus = 1;
	s->disk = 1024;
}

/* A section without the setting that it is there for. */
static const char *find_missing(const struct farm_settings *s)
{
	for (size_t i = 0; i < s->n_named_shares; i++)
		if (!s->named_share[i].path)
			return "the file has a share without a path";
	for (size_t i = 0; i < s->n_named_hosts; i++)
		if (!s->named_host[i].uri)
			return "the file has a host without a uri";
	for (size_t i = 0; i < s->n_servers; i++)
		if (!s->server[i].address)
			return "the file has a server without an address";
	for (size_t i = 0; i < s->n_groups; i++)
		if (!s->group[i].clients)
			return "the file has a group without clients";
	return NULL;
}

int farm_settings_parse(struct farm_settings *s, struct conf_error *error)
{
	int r;

	set_defaults(s);
	r = conf_parse(s->text.data, s->text.size, &dialect, s, error);
	if (r == 0)
		error->what = find_missing(s);
	return error->what ? -EINVAL : r;
}

const struct farm_share_settings *farm_settings_share(
	const struct farm_settings *s, const char *name)
{
	for (size_t i = 0; i < s->n_named_shares; i++)
		if (strcmp(s->named_share[i].name, name) == 0)
			return &s->named_share[i];
	return NULL;
}

const struct farm_group_settings *farm_settings_group(
	const struct farm_settings *s, const char *name)
{
	for (size_t i = 0; i < s->n_groups; i++)
		if (strcmp(s->group[i].name, name) == 0)
			return &s->group[i];
	return NULL;
}

const struct farm_server_settings *farm_settings_server(
	const struct farm_settings *s, const char *name)
{
	for (size_t i = 0; i < s->n_servers; i++)
		if (strcmp(s->server[i].name, name) == 0)
			return &s->server[i];
	return NULL;
}

/* With room for one byte more, as conf_parse() wants it. */
static int read_text(const char *path, struct buf *text)
{
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r = fd < 0 ? -errno : buf_read(text, fd, CONF_BYTES_MAX);

	return buf_room(text, 1) ? r : -ENOMEM;
}

int farm_settings_read(const char *path, bool optional, struct farm_settings *s)
{
	struct conf_error error;
	int r = read_text(path, &s->text);

	if (r < 0 && !(r == -ENOENT && optional))
		return cli_error(r, "%s", path);
	r = farm_settings_parse(s, &error);
	return r < 0 ? -cli_error(EINVAL, "%s, line %u: %s", path, error.line, error.what) : 0;
}

void farm_settings_free(struct farm_settings *s)
{
	free(s->named_share);
	free(s->named_host);
	free(s->server);
	free(s->group);
	buf_free(&s->text);
}
