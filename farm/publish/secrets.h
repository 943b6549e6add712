/*
 * Secrets that no list of names knows: private keys and hashes of passwords are told by their form.
 * The net behind etc/filter, not in its place.
 */
#ifndef FARM_SECRETS_H
#define FARM_SECRETS_H

#include <stddef.h>

#include "farm/share/treelist.h"

#define SECRETS_FILE_MAX (128u << 10) /* larger files are not looked into */

/* "a private key", "the hash of a password", or NULL. No I/O. */
const char *secrets_find(const char *text, size_t n);

/*
 * Look into the small files of the tree, whose root is dir, that previous has not; warn of each
 * that holds a secret. Returns their number, or -errno after saying why.
 */
int secrets_look(int dir, const struct treelist *tree, const struct treelist *previous);

#endif
