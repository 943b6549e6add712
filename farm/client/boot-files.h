/*
 * The kernel and initrd that libvirt starts clients with: copies, one directory for each generation
 * of a share, as libvirt changes owner and attributes of what it starts; in a share that would
 * change the files of a generation.
 *
 *	BOOT/UUID/N/vmlinuz   BOOT/UUID/N/initrd      of generation N
 *	BOOT/UUID/live -> N                           what clients start with that are not pinned
 *	BOOT/UUID/canary -> N                         the same of another channel
 *
 * A directory appears whole, and a channel moves by a rename, so that a start at any moment finds a
 * kernel and an initrd that belong together.
 */
#ifndef FARM_CLIENT_BOOT_FILES_H
#define FARM_CLIENT_BOOT_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "farm/share/store.h"

/* Make those of a generation, if they are not there. Returns 0, or -errno after a message. */
int boot_files_make(const char *boot, const struct share_store *share, uint32_t generation);

/* Make those of a channel's generation, let the channel be it, and remove those of generations that
 * the share no longer has. 0, or -errno after a message. */
int boot_files_update(const char *boot, const struct share_store *share, const char *channel);

/* The same of each channel that has boot files at all: after one was changed. */
int boot_files_follow(const char *boot, const struct share_store *share);

/* A channel that is going to be removed has none. 0, or -errno after a message. */
int boot_files_forget(const char *boot, const struct share_store *share, const char *channel);

/* The generation that a channel's are of, in the share with that UUID; 0: none. */
uint32_t boot_files_channel(const char *boot, const char *uuid, const char *channel);

/* Are there any in that directory, which is a generation's number or a channel? */
bool boot_files_exist(const char *boot, const char *uuid, const char *directory);

#endif
