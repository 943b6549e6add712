/* The commands `xenfarm init` and `xenfarm doctor`. */
#ifndef FARM_CMD_NET_H
#define FARM_CMD_NET_H

#include <stdbool.h>

#include "lib/cli.h"

/* What only they take. */
struct cmd_net_options {
	bool undo;
	bool here; /* doctor: this server only */
};

extern const struct cli_table cmd_net_table;

/* See lib/cli.h; options is a struct farm_context. They return the exit status. */
int cmd_net_init(void *options, char **arguments);
int cmd_net_doctor(void *options, char **arguments);

#endif
