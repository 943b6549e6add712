/*
 * Finds secrets by their form, whatever the name of the file: private keys and password hashes. An
 * addition to etc/filter, not a replacement.
 */
#ifndef FARM_SECRETS_H
#define FARM_SECRETS_H

#include <stddef.h>

#include "farm/share/treelist.h"

#define SECRETS_FILE_MAX (128u << 10) /* larger files are not searched */

/* "a private key", "the hash of a password", or NULL. No I/O. */
const char *secrets_find(const char *text, size_t n);

/*
 * Search the small files of the tree, whose root is dir, that are not in previous; print a warning
 * for each that holds a secret. Returns their number, or -errno after a message.
 */
int secrets_look(int dir, const struct treelist *tree, const struct treelist *previous);

#endif
