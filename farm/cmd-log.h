#ifndef FARM_CMD_LOG_H
#define FARM_CMD_LOG_H

#include "lib/cli.h"

/* `xenfarm log`. */
extern const struct cli_table cmd_log_table;

#endif
