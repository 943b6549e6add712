/* The commands of xf-mkinitrd, see lib/cli.h; options is a struct options. */
#ifndef MKINITRD_HOOK_COMMAND_H
#define MKINITRD_HOOK_COMMAND_H

typedef int command_fn(void *options, char **arguments);

command_fn command_build, command_exchange, command_list, command_extract, command_info,
	command_verify;

#endif
