/* The commands `xenfarm master …`. */
#ifndef FARM_CMD_MASTER_H
#define FARM_CMD_MASTER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/cli.h"

/* What only they take; NULL and false: not given. */
struct cmd_master_options {
	bool in_place, offline, no_publish;
	const char *packages, *client_root, *client_packages, *ssh_key;
};

extern const struct cli_table cmd_master_table;

/* In farm/master/. See lib/cli.h; options is a struct farm_context. They return the exit status. */
int master_cmd_create(void *options, char **arguments);
int master_cmd_list(void *options, char **arguments);
int master_cmd_show(void *options, char **arguments);
int master_cmd_start(void *options, char **arguments);
int master_cmd_stop(void *options, char **arguments);
int master_cmd_console(void *options, char **arguments);
int master_cmd_ssh(void *options, char **arguments);
int master_cmd_shell(void *options, char **arguments);
int master_cmd_update(void *options, char **arguments);
int master_cmd_publish(void *options, char **arguments);
int master_cmd_destroy(void *options, char **arguments);

#endif
