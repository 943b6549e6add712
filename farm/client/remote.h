/*
 * What a client's disk, boot files and rules are changed by is xenfarm on the client's own host:
 * ssh(1) runs it there, by the address in libvirt's URI (qemu+ssh://USER@HOST:PORT/…).
 */
#ifndef FARM_CLIENT_REMOTE_H
#define FARM_CLIENT_REMOTE_H

#include <sys/types.h>

#include "farm/client/client.h"

/* "ssh://USER@HOST:PORT", as ssh(1) takes it, the caller's to free. NULL: no ssh leads there, or
 * there is no memory. */
char *remote_address(const struct client_host *host);

/*
 * ssh(1)'s ProxyCommand for clients of another host, whose network only that host reaches; the
 * caller's to free. NULL as above. The host is known and entered as ever by this user's ssh: what
 * the command that gets it knows of hosts and keys is for the client behind it. (ProxyJump would
 * hand on its -F.)
 */
char *remote_proxy(const struct client_host *host);

/*
 * Start a line of a shell on another host, with standard output to out (-1: our standard error).
 * Nobody is asked for a password, and who does not answer is waited for as long as xenfarm.conf
 * says. Returns ssh(1)'s process, for spawn_wait(); -EOPNOTSUPP: no ssh leads there; or -errno.
 */
pid_t remote_start(const struct client_host *host, const char *line, int out);

/*
 * Run `xenfarm client COMMAND LABEL WORD…` on another host; words ends with NULL. What it prints
 * goes to standard error. Returns 0, or -errno after a message: the host is not reached by ssh, or
 * the command failed there.
 */
int remote_run(const struct client_host *host, const char *command, const char *label,
	const char *const *words);

#endif
