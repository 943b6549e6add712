/*
 * IMAGE_ID and IMAGE_VERSION of os-release(5), by which programs on a client know what it runs: the
 * generation. All lines but these are the master's; so is an IMAGE_ID that the master has set.
 */
#ifndef FARM_IMAGE_ID_H
#define FARM_IMAGE_ID_H

#include <stdint.h>

#include "farm/share/treelist.h"
#include "lib/buf.h"

/*
 * Set them in the os-release files of the tree `to`, by new files in their places, and note these
 * in its list. Number 0 stands for that which the tree previous has. One that equals that in the
 * tree previous (-1: none) becomes a hard link to it. Returns 0, or -errno after a message.
 */
int image_id_publish(int to, struct treelist *tree, int previous, uint32_t number);

/* --- part, here to be tested --- */

/* Append such a file's text with both set to *out. No I/O. */
void image_id_set(const char *text, size_t size, uint32_t number, struct buf *out);

#endif
