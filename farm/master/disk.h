/* A master's own disk: a sparse raw image that appears whole, or not at all. */
#ifndef FARM_MASTER_DISK_H
#define FARM_MASTER_DISK_H

#include <stdint.h>

#include "farm/master/source.h"

/* Beside a master's disk while it updates itself: the script's and its log's. */
#define MASTER_DISK_UPDATE ".update"

struct master_disk {
	const char *path;
	uint32_t size;                      /* MiB; 0 where it follows from the source */
	const char *uuid;                   /* of its file system */
	const char *tree;                   /* that is in it */
	const struct master_source *source; /* that is copied */
};

/* Is there a file at path, or would it have no space? bytes: what it is going to take. Returns 0,
 * or -errno after a message. */
int master_disk_check(const char *path, uint64_t bytes);

/* Steps of an operation, whose arg is a struct master_disk: from its tree; as a copy of an image;
 * or blank. Each returns 0, or -errno after a message. */
int master_disk_make(void *arg);
int master_disk_copy(void *arg);
int master_disk_blank(void *arg);

/* Remove what a step or an update left that was interrupted; and the disk itself. Fine if it is not
 * there. */
int master_disk_sweep(const char *path);
int master_disk_remove(const char *path);

#endif
