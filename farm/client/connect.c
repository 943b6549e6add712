/* xenfarm client console and ssh: to the guest of that UUID, and to no other. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "farm/client/batch.h"
#include "farm/client/console-log.h"
#include "farm/client/remote.h"
#include "farm/name.h"
#include "farm/output.h"
#include "farm/ssh/authority.h"
#include "lib/array.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/spawn.h"

static int check_on(const struct client *c)
{
	int active = virDomainIsActive(c->domain);

	if (active < 0)
		return virt_error(NULL, "cannot see whether %s runs", c->name);
	return active ? 0
		      : -cli_error(ENOTCONN, "%s is off; start it: `xenfarm client start %s`",
				c->name, c->name);
}

/* --- console --- */

/* On Xen it is for the administrator of the host to say so. */
static int print_log(const struct client_session *s, const struct client *c)
{
	AUTO_FREE char *path = console_log_path(&s->context->settings, c->uuid);

	if (c->host->kind == VIRT_XEN)
		return -cli_error(EOPNOTSUPP,
			"libxl keeps nothing of what %s prints; with --log=guest, xenconsoled(8) "
			"does "
			"(Debian: XENCONSOLED_ARGS=--log=guest in /etc/default/xen): "
			"/var/log/xen/console/guest-%s.log",
			c->name, c->name);
	return path ? console_log_print(path, c->name) : cli_error(-ENOMEM, "%s", c->name);
}

int client_console(void *options, char **arguments)
{
	struct farm_context *context = options;
	struct client_session s = { .lock = -1 };
	char uuid[RECORD_UUID_SIZE];
	const char *uri;
	int r = client_session_begin(&s, context, true, arguments);
	struct client *c = r < 0 ? NULL : client_find(&s, arguments[0]);

	if (c && context->client_options.log)
		return client_session_end(&s, print_log(&s, c));
	if (c)
		r = check_on(c);
	if (!c || r < 0)
		return client_session_end(&s, r < 0 ? r : -ENOENT);
	memcpy(uuid, c->uuid, sizeof(uuid));
	uri = c->host->settings->uri;
	client_session_end(&s, 0);
	virt_watch_end();
	r = spawn_become((const char *const[]){ "virsh", "-c", uri, "console", uuid,
		context->options.force ? "--force" : NULL, NULL });
	cli_error(r, "virsh(1)");
	return EXIT_FAILURE;
}

/* --- ssh --- */

/* "ann@web1": the user's part, or root; *name is what follows: "@web" is a group. NULL without
 * memory. */
static char *user_of(char *argument, char **name)
{
	char *at = *argument == '@' ? NULL : strchr(argument, '@');

	*name = at ? at + 1 : argument;
	return at ? strndup(argument, (size_t)(at - argument)) : strdup("root");
}

/* As ssh(1) says of all that goes wrong before the command runs. */
#define SSH_FAILED 255

/* Through its host, if that is another one which ssh(1) reaches; else NULL. */
static char *proxy_option(const struct client_host *host)
{
	AUTO_FREE char *proxy = remote_proxy(host);
	char *option;

	return !proxy || asprintf(&option, "ProxyCommand=%s", proxy) < 0 ? NULL : option;
}

/*
 * Its host key was made with its disk, and no other is accepted: an address may have been another
 * client's before. What the user's own ssh knows of hosts is not asked.
 */
static int run_ssh(const struct client_session *s, const struct client *c, const char *user,
	char *const *command, int *status)
{
	AUTO_SSH_SESSION struct ssh_session session = { .key = "" };
	AUTO_FREE char *proxy = proxy_option(c->host);
	char address[XF_ADDR_TEXT_MAX], alias[64], known[PATH_MAX + 48];
	const char *argv[64] = { "ssh", "-o", alias, "-o", known, "-o",
		"GlobalKnownHostsFile=/dev/null", "-o", "CheckHostIP=no", "-o", "UpdateHostKeys=no",
		"-o", "HostKeyAlgorithms=ssh-ed25519", "-o", "StrictHostKeyChecking=yes", "-i",
		session.key, "-l", user };
	size_t n = 19;
	int r;

	if (proxy) {
		argv[n++] = "-o";
		argv[n++] = proxy;
	}
	argv[n++] = "--";
	argv[n++] = address;
	for (; *command && n < ARRAY_SIZE(argv) - 1; command++)
		argv[n++] = *command;
	if (*command)
		return -cli_error(E2BIG, "the command has too many words; quote it as one");
	snprintf(alias, sizeof(alias), "HostKeyAlias=%s", c->uuid);
	xf_addr_format(&c->record.address, address);
	r = ssh_session_begin(s->context->settings.ssh_ca, user, c->label, &session);
	if (r == 0)
		r = ssh_session_know(&session, c->uuid, c->record.host_key);
	if (r < 0)
		return r;
	snprintf(known, sizeof(known), "UserKnownHostsFile=%s", session.known_hosts);
	virt_watch_end();
	r = spawn_run(
		&(const struct spawn){ .argv = argv, .out = -1, .kept = -1, .interactive = true },
		status);
	if (r == 0 && *status == SSH_FAILED)
		cli_error(0,
			"if %s has another host key since its administrator made one, `xenfarm "
			"client "
			"host-key %s KEY` lets ssh know it",
			c->name, c->name);
	return r;
}

static int check_key(const struct client *c)
{
	return *c->record.host_key ? 0
				   : -cli_error(EINVAL,
					     "the host key of %s is not known; `xenfarm client "
					     "host-key %s KEY` "
					     "lets ssh know it: its administrator finds it in "
					     "/etc/ssh/ssh_host_ed25519_key.pub",
					     c->name, c->name);
}

/* Returns 0 with *status, or -errno after a message. */
static int ssh_one(const struct client_session *s, const struct client *c, const char *user,
	char *const *command, int *status)
{
	int r = c->damaged
			? -cli_error(EINVAL, "%s: its record is damaged (%s)", c->name, c->damaged)
			: check_key(c);

	if (r == 0)
		r = check_on(c);
	return r < 0 ? r : run_ssh(s, c, user, command, status);
}

/* One after the other, each with its name before what it says. */
static int ssh_each(struct client_session *s, const struct client_selection *selection,
	const char *user, char *const *command)
{
	struct batch_failures failures = { 0 };

	if (!*command)
		return -cli_error(EINVAL, "several clients need a command that is run on each");
	for (size_t i = 0; i < selection->n; i++) {
		const struct client *c = selection->client[i];
		int status = EXIT_FAILURE;

		output_line("%s:", c->name);
		fflush(stdout);
		if (ssh_one(s, c, user, command, &status) < 0 || status != 0)
			batch_failed(&failures, &s->operation, c->name);
	}
	return batch_report(&failures, "done", selection->n, "what they said is above");
}

int client_ssh(void *options, char **arguments)
{
	struct client_session s = { .lock = -1 };
	AUTO_CLIENT_SELECTION struct client_selection selection = { 0 };
	char *words[2] = { NULL };
	AUTO_FREE char *user = user_of(arguments[0], &words[0]);
	int status = EXIT_FAILURE;
	int r = user ? client_session_begin(&s, options, true, words) : cli_error(-ENOMEM, "ssh");

	s.operation.log = -1; /* nothing is changed: not in the log */
	if (r == 0)
		r = client_select(&s, words, false, &selection);
	if (r == 0 && (*words[0] == '@' || name_is_pattern(words[0])))
		status = farm_exit_status(ssh_each(&s, &selection, user, arguments + 1));
	else if (r == 0)
		r = ssh_one(&s, selection.client[0], user, arguments + 1, &status);
	client_session_end(&s, r);
	return status;
}
