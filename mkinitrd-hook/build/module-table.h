/*
 * The module table of an initrd, /lib/xenfarm/modules, which xf-init reads:
 *
 *	xenfarm-modules 1 KERNEL-VERSION
 *	module NAME FILE DEP,DEP,…     FILE beside the table; "-": nothing to load before it
 *	alias PATTERN NAME             fnmatch(3) pattern, as modules.alias has it
 *	builtin NAME                   asked for, and part of the kernel itself
 */
#ifndef MKINITRD_HOOK_TABLE_H
#define MKINITRD_HOOK_TABLE_H

#include "mkinitrd-hook/build/kernel-modules.h"

#include <stdio.h>

/*
 * Write the table of a set; aliases is the text of the kernel's modules.alias, of which the lines
 * of included modules are taken. Errors are left to the stream.
 */
void table_write(
	FILE *out, const char *version, const struct modules *set, const struct blob *aliases);

#endif
