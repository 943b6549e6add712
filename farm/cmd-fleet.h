/* The commands that ask the clients' agents: xenfarm status, conflicts, reconcile, message, … */
#ifndef FARM_CMD_FLEET_H
#define FARM_CMD_FLEET_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/cli.h"

/* What only they take. */
struct cmd_fleet_options {
	bool fast, watch, ssh, ansible, clush;
	const char *prometheus, *html; /* NULL: not given */
	uint32_t interval;             /* seconds; 0: not given */
};

extern const struct cli_table cmd_fleet_table;

/* In farm/fleet/. See lib/cli.h; options is a struct farm_context. They return the exit status. */
int fleet_show_status(void *options, char **arguments);
int fleet_show_conflicts(void *options, char **arguments);
int fleet_show_conflict(void *options, char **arguments);
int fleet_exec(void *options, char **arguments);
int fleet_print_inventory(void *options, char **arguments);
int fleet_reconcile(void *options, char **arguments);
int fleet_preview_generation(void *options, char **arguments);
int fleet_send_message(void *options, char **arguments);

#endif
