/* The commands of xf-mkinitrd, see lib/cli.h; options is a struct mkinitrd_options. */
#ifndef MKINITRD_HOOK_COMMAND_H
#define MKINITRD_HOOK_COMMAND_H

typedef int mkinitrd_command_fn(void *options, char **arguments);

mkinitrd_command_fn mkinitrd_build, mkinitrd_exchange, mkinitrd_list, mkinitrd_extract,
	mkinitrd_info, mkinitrd_verify;

#endif
