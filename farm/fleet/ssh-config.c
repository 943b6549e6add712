#include "farm/fleet/ssh-config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "farm/client/remote.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/publish.h"

#define CONNECT_SECONDS 15

static void add_host(struct buf *text, struct buf *known, const struct client *c)
{
	AUTO_FREE char *proxy = remote_proxy(c->host);
	char address[XF_ADDR_TEXT_MAX];

	buf_printf(text, "Host %s\n\tHostName %s\n\tHostKeyAlias %s\n", c->name,
		xf_addr_format(&c->record.address, address), c->uuid);
	if (proxy)
		buf_printf(text, "\tProxyCommand %s\n", proxy);
	if (*c->record.host_key)
		buf_printf(known, "%s %s\n", c->uuid, c->record.host_key);
}

/* As `xenfarm client ssh` has it: what root's own ssh knows of hosts is not asked. */
static void add_all(struct buf *text, const struct ssh_session *session)
{
	buf_printf(text,
		"Host *\n\tUser root\n\tIdentityFile %s\n\tIdentitiesOnly yes\n"
		"\tUserKnownHostsFile %s\n\tGlobalKnownHostsFile /dev/null\n\tCheckHostIP no\n"
		"\tUpdateHostKeys no\n\tHostKeyAlgorithms ssh-ed25519\n"
		"\tStrictHostKeyChecking yes\n\tBatchMode yes\n\tConnectTimeout %d\n",
		session->key, session->known_hosts, CONNECT_SECONDS);
}

static int write_file(const char *path, const struct buf *text)
{
	int r = text->failed ? -ENOMEM : publish_replace(path, 0600, text->data, text->size);

	return r < 0 ? cli_error(r, "%s", path) : 0;
}

int ssh_config_begin(struct ssh_config *config, const struct farm_context *context,
	const struct client_selection *selection)
{
	AUTO_BUF struct buf text = { 0 };
	AUTO_BUF struct buf known = { 0 };
	struct ssh_session *session = &config->session;
	int r;

	*config = (struct ssh_config){ .path = "" };
	r = ssh_session_begin(context->settings.ssh_ca, "root", "clients", session);
	if (r < 0)
		return r;
	snprintf(session->known_hosts, sizeof(session->known_hosts), "%s/known_hosts",
		session->directory);
	snprintf(config->path, sizeof(config->path), "%s/config", session->directory);
	for (size_t i = 0; i < selection->n; i++)
		add_host(&text, &known, selection->client[i]);
	add_all(&text, session);
	r = write_file(session->known_hosts, &known);
	return r == 0 ? write_file(config->path, &text) : r;
}

void ssh_config_end(struct ssh_config *config)
{
	if (config->path[0])
		unlink(config->path);
	config->path[0] = '\0';
	ssh_session_end(&config->session);
}

size_t ssh_config_keep_running(struct client_selection *selection)
{
	AUTO_BUF struct buf names = { 0 };
	size_t n = 0, off = 0;

	for (size_t i = 0; i < selection->n; i++) {
		struct client *c = selection->client[i];

		if (!c->damaged && c->power == CLIENT_RUNNING)
			selection->client[n++] = c;
		else
			buf_printf(&names, "%s%s", off++ ? ", " : "", c->name);
	}
	selection->n = n;
	if (off && !names.failed)
		cli_error(0, "%zu do not run, and are left out: %.*s", off, (int)names.size,
			names.data);
	return off;
}
