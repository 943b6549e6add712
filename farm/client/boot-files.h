/*
 * The kernel and initrd that libvirt starts clients with: copies, one directory for each generation
 * of a share, as libvirt changes owner and attributes of what it starts; in a share that would
 * change the files of a generation.
 *
 *	BOOT/UUID/N/vmlinuz   BOOT/UUID/N/initrd      of generation N
 *	BOOT/UUID/live -> N                           what clients start with that are not pinned
 *
 * A directory appears whole, and `live` moves by a rename, so that a start at any moment finds a
 * kernel and an initrd that belong together.
 */
#ifndef FARM_CLIENT_BOOT_FILES_H
#define FARM_CLIENT_BOOT_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "farm/share/store.h"

/* Make those of a generation, if they are not there. Returns 0, or -errno after a message. */
int boot_files_make(const char *boot, const struct share_store *share, uint32_t generation);

/* Make those of the current generation, let `live` be it, and remove those of generations that the
 * share no longer has. 0, or -errno after a message. */
int boot_files_update(const char *boot, const struct share_store *share);

/* The same, if there are boot files of this share at all: after a publish. */
int boot_files_follow(const char *boot, const struct share_store *share);

/* The generation that `live` is of the share with that UUID; 0: none. */
uint32_t boot_files_live(const char *boot, const char *uuid);

/* Are those of that generation there, or of `live` (0)? */
bool boot_files_exist(const char *boot, const char *uuid, uint32_t generation);

#endif
