/*
 * xfnet(1): its options and commands. Internal.
 */
#ifndef KERNEL_CMDLINE_TOOL_H
#define KERNEL_CMDLINE_TOOL_H

#include "kernel-cmdline/tool/compose.h"

#include <stdbool.h>

/* What the command line says. */
struct xfnet_options {
	const char *cmdline;
	bool json, sh;
	const char *part[COMPOSE_PARTS]; /* NULL: not given */
};

/* The commands, see lib/cli.h; options is a struct xfnet_options. */
int xfnet_check(void *options, char **arguments);
int xfnet_explain(void *options, char **arguments);
int xfnet_compose(void *options, char **arguments);

#endif
