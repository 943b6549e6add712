/*
 * The table of modules of an initrd, /lib/xenfarm/modules; its format is in initrd/modtable.h.
 */
#ifndef MKINITRD_HOOK_MODULE_TABLE_H
#define MKINITRD_HOOK_MODULE_TABLE_H

#include "lib/buf.h"
#include "mkinitrd-hook/build/kernel-modules.h"

/*
 * Append the table of a set; aliases is the text of the kernel's modules.alias, of which the lines
 * of included modules are taken. out->failed tells of too little memory.
 */
void module_table_write(struct buf *out, const char *version, const struct kernel_modules *set,
	const struct blob *aliases);

/*
 * Read a copy of the table with xf-init's own parser and limits. Returns 0, -ENOMEM, or -EINVAL
 * with *line set to the first line (from 1) that it refuses.
 */
int module_table_check(const struct blob *table, unsigned int *line);

#endif
