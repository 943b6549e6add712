/*
 * An initrd on disk, read and indexed.
 */
#ifndef MKINITRD_HOOK_INITRD_FILE_H
#define MKINITRD_HOOK_INITRD_FILE_H

#include "mkinitrd-hook/image/index.h"
#include "mkinitrd-hook/image/segments.h"

struct initrd_file {
	struct blob image;
	struct segments segments;
	struct initrd_index index;
};

/* Returns 0, or -errno after a message that names file, place and reason. Then initrd_file_close().
 */
int initrd_file_open(const char *path, struct initrd_file *source);

void initrd_file_close(struct initrd_file *source);

#endif
