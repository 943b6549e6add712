/*
 * Names of users and groups to numbers, by the text of passwd and group files: a manifest names
 * owners, and this client may have given the name another number.
 */
#ifndef AGENT_TRANSACTION_OWNERS_H
#define AGENT_TRANSACTION_OWNERS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/manifest/manifest.h"

struct owners;

/* NULL without memory. The texts need not live longer. */
struct owners *owners_new(const char *passwd, size_t n_passwd, const char *group, size_t n_group);
/* By the files of the tree below root; one that cannot be read gives no names. */
struct owners *owners_read(int root);
void owners_free(struct owners *owners);

/* By name, where the entry has one that is known here; else, or with owners NULL, the entry's
 * number. */
uint32_t owners_uid(const struct owners *owners, const struct manifest_entry *e);
uint32_t owners_gid(const struct owners *owners, const struct manifest_entry *e);

#endif
