#include "farm/client/remote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/spawn.h"

#define LIMIT 900 /* seconds: a client that is waited for there */

char *remote_address(const struct client_host *host)
{
	const char *begin = strstr(host->settings->uri, "+ssh://");
	char *address;

	if (!begin)
		return NULL;
	begin++;
	return asprintf(&address, "%.*s", (int)(6 + strcspn(begin + 6, "/?")), begin) < 0 ? NULL
											  : address;
}

/* sh(1) reads it, and ssh(1) before that what begins with a percent sign. */
char *remote_proxy(const struct client_host *host)
{
	AUTO_FREE char *address = remote_address(host);
	AUTO_BUF struct buf doubled = { 0 };
	struct buf command = { 0 };

	if (!address)
		return NULL;
	for (const char *p = address; *p; p++)
		buf_printf(&doubled, *p == '%' ? "%%%%" : "%c", *p);
	buf_add(&doubled, "", 1);
	buf_puts(&command, "ssh -W '[%h]:%p' -- ");
	if (!doubled.failed)
		buf_add_word(&command, doubled.data);
	buf_add(&command, "", 1);
	if (doubled.failed || command.failed)
		buf_free(&command);
	return command.data;
}

pid_t remote_start(const struct client_host *host, const char *line, int out)
{
	AUTO_FREE char *address = remote_address(host);
	char timeout[32];
	const char *const argv[] = { "ssh", "-o", "BatchMode=yes", "-o", timeout, "-o",
		"ServerAliveInterval=5", "--", address, line, NULL };

	if (!address)
		return -EOPNOTSUPP;
	snprintf(timeout, sizeof(timeout), "ConnectTimeout=%u", host->settings->timeout);
	return spawn_start(&(const struct spawn){
		.argv = argv, .out = out, .kept = -1, .dies_with_parent = true });
}

static int run(const struct client_host *host, const char *line)
{
	pid_t pid = remote_start(host, line, -1);
	int status = 0, r = pid < 0 ? pid : spawn_wait(pid, LIMIT, &status);

	if (r == -EOPNOTSUPP)
		return -cli_error(EOPNOTSUPP,
			"the files of host %s are not reached by %s; run `%s` there, or let uri be "
			"one with +ssh",
			host->name, host->settings->uri, line);
	if (r < 0)
		return cli_error(r, "host %s: ssh", host->name);
	return status ? -cli_error(EIO, "host %s: `%s` failed there, with exit status %d",
				host->name, line, status)
		      : 0;
}

int remote_run(const struct client_host *host, const char *command, const char *label,
	const char *const *words)
{
	AUTO_BUF struct buf line = { 0 };

	buf_printf(&line, "xenfarm client %s ", command);
	buf_add_word(&line, label);
	for (; *words; words++) {
		buf_puts(&line, " ");
		buf_add_word(&line, *words);
	}
	buf_add(&line, "", 1);
	return line.failed ? cli_error(-ENOMEM, "host %s", host->name) : run(host, line.data);
}
