/*
 * Whether xf-init will take a module table. Apart from table.h, as xf-init's struct module is
 * another one.
 */
#ifndef MKINITRD_HOOK_TABLE_CHECK_H
#define MKINITRD_HOOK_TABLE_CHECK_H

#include "mkinitrd-hook/image/blob.h"

/*
 * Read a copy of the table with xf-init's own parser and limits. Returns 0, -ENOMEM, or -EINVAL
 * with *line set to the first line (from 1) that it refuses.
 */
int table_check(const struct blob *table, unsigned int *line);

#endif
