#include "farm/client/remote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/cli.h"
#include "lib/spawn.h"

#define LIMIT 900 /* seconds: a client that is waited for there */

/* "ssh://USER@HOST:PORT", as ssh(1) takes it, of libvirt's URI; the caller's to free. NULL: it has
 * no ssh. */
static char *ssh_address(const char *uri)
{
	const char *begin = strstr(uri, "+ssh://");
	char *address;

	if (!begin)
		return NULL;
	begin++;
	return asprintf(&address, "%.*s", (int)(6 + strcspn(begin + 6, "/?")), begin) < 0 ? NULL
											  : address;
}

/* ssh hands one text to a shell. */
static void add_word(struct buf *line, const char *word)
{
	buf_puts(line, " '");
	for (; *word; word++)
		if (*word == '\'')
			buf_puts(line, "'\\''");
		else
			buf_add(line, word, 1);
	buf_puts(line, "'");
}

static int run(const struct client_host *host, const char *address, const char *line)
{
	char timeout[32];
	const char *const argv[] = { "ssh", "-o", "BatchMode=yes", "-o", timeout, "-o",
		"ServerAliveInterval=5", "--", address, line, NULL };
	int status, r;

	snprintf(timeout, sizeof(timeout), "ConnectTimeout=%u", host->settings->timeout);
	r = spawn_run(&(const struct spawn){ .argv = argv,
			      .out = -1,
			      .kept = -1,
			      .limit = LIMIT,
			      .dies_with_parent = true },
		&status);
	if (r < 0)
		return cli_error(r, "host %s: ssh", host->name);
	return status ? -cli_error(EIO, "host %s: `%s` failed there, with exit status %d",
				host->name, line, status)
		      : 0;
}

int remote_run(const struct client_host *host, const char *command, const char *label,
	const char *const *words)
{
	AUTO_FREE char *address = ssh_address(host->settings->uri);
	AUTO_BUF struct buf line = { 0 };

	buf_printf(&line, "xenfarm client %s", command);
	add_word(&line, label);
	for (; *words; words++)
		add_word(&line, *words);
	buf_add(&line, "", 1);
	if (line.failed)
		return cli_error(-ENOMEM, "host %s", host->name);
	if (!address)
		return -cli_error(EOPNOTSUPP,
			"the files of host %s are not reached by %s; run `%s` there, or let uri be "
			"one with +ssh",
			host->name, host->settings->uri, line.data);
	return run(host, address, line.data);
}
