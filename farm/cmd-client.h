/* The commands `xenfarm client …`. */
#ifndef FARM_CMD_CLIENT_H
#define FARM_CMD_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/cli.h"

/* What only they take. */
struct cmd_client_options {
	bool all, wait, retry_failed, log;
	const char *address, *admin, *until, *channel, *host, *servers; /* NULL: not given */
	uint32_t batch, max_failures, generation;                       /* 0: not given */
};

extern const struct cli_table cmd_client_table;

/* In farm/client/. See lib/cli.h; options is a struct farm_context. They return the exit status. */
int client_create(void *options, char **arguments);
int client_list(void *options, char **arguments);
int client_show(void *options, char **arguments);
int client_start(void *options, char **arguments);
int client_stop(void *options, char **arguments);
int client_reboot(void *options, char **arguments);
int client_rename(void *options, char **arguments);
int client_pin(void *options, char **arguments);
int client_unpin(void *options, char **arguments);
int client_set(void *options, char **arguments);
int client_destroy(void *options, char **arguments);
int client_wait(void *options, char **arguments);
int client_console(void *options, char **arguments);
int client_ssh(void *options, char **arguments);
int client_host_key(void *options, char **arguments);
int client_events(void *options, char **arguments);

#endif
