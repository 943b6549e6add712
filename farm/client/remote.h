/*
 * What a client's disk, boot files and rules are changed by is xenfarm on the client's own host:
 * ssh(1) runs it there, by the address in libvirt's URI (qemu+ssh://USER@HOST:PORT/…).
 */
#ifndef FARM_CLIENT_REMOTE_H
#define FARM_CLIENT_REMOTE_H

#include "farm/client/client.h"

/*
 * Run `xenfarm client COMMAND LABEL WORD…` on another host; words ends with NULL. What it prints
 * goes to standard error. Returns 0, or -errno after a message: the host is not reached by ssh, or
 * the command failed there.
 */
int remote_run(const struct client_host *host, const char *command, const char *label,
	const char *const *words);

#endif
