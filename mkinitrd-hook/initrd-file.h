/*
 * An initrd on disk, read and taken apart.
 */
#ifndef MKINITRD_HOOK_SOURCE_H
#define MKINITRD_HOOK_SOURCE_H

#include "mkinitrd-hook/image/index.h"
#include "mkinitrd-hook/image/segments.h"

struct source {
	struct blob image;
	struct segments segments;
	struct tree tree;
};

/* Returns 0, or -errno after a message that names file, place and reason. Then source_close(). */
int source_open(const char *path, struct source *source);

void source_close(struct source *source);

#endif
