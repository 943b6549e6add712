/* The record that xf-init leaves of the boot, PATH_RUN_RECORD: lines KEY=VALUE, see xf-init(8). */
#ifndef LIB_BOOT_RECORD_H
#define LIB_BOOT_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

/* Read it, from path below dir, as a NUL-terminated text. Returns 0; -ENOENT: this is not a client;
 * or -errno. */
int boot_record_read(int dir, const char *path, struct buf *text);

/* The value of a key. False, and "", if there is none, or it does not fit. */
bool boot_record_get(const char *text, const char *key, char *value, size_t size);

#endif
