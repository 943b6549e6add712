/*
 * The record of the boot (docs/boot-contract.md), read at the end of the system.
 */
#ifndef INITRD_RECORD_H
#define INITRD_RECORD_H

#include <stddef.h>

/* Copy the value of a key, NUL-terminated, to size bytes. Returns its length, -ENOENT if the record
 * has no such key, -ENAMETOOLONG if the value is longer. */
int record_value(const char *key, char *value, size_t size);

#endif
