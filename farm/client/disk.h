/*
 * A client's own disk: a sparse image file with one ext4 file system, whose UUID is the domain's
 * and whose label is DISK_LABEL. By these two a file is known to be ours, whatever its name. Paths
 * are absolute.
 */
#ifndef FARM_CLIENT_DISK_H
#define FARM_CLIENT_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "farm/virt/record.h"

#define DISK_LABEL  "xenfarm"
#define DISK_SUFFIX ".xenfarm.img"

enum disk_kind {
	DISK_ABSENT,
	DISK_BLANK,  /* ours, and was never mounted */
	DISK_USED,   /* ours, and holds a client's data */
	DISK_FOREIGN /* anything else */
};

/* What is at path; uuid: of its file system, where it is ours. Returns 0 or -errno. */
int disk_look(const char *path, enum disk_kind *kind, char uuid[static RECORD_UUID_SIZE]);

/*
 * Make one of size MiB at path, where nothing is: it appears whole or not at all. On it are SSH
 * host keys, which the client takes at its first boot; the public half of the Ed25519 one is in
 * key, so that nobody has to believe the first key that answers. name: of the client, a comment in
 * the keys. Returns 0, or -errno after a message: -EEXIST if something is there.
 */
int disk_make(const char *path, uint32_t size, const char *uuid, const char *name,
	char key[static RECORD_HOST_KEY_SIZE]);

/*
 * Remove the file, if it is ours and has that UUID, under all names in its directory: a rename that
 * was cut off has left it with two; and what a killed disk_make() left. Returns 0, also if it is
 * not there; -EPERM after a message if it is another's; or another -errno after a message.
 */
int disk_remove(const char *path, const char *uuid);

/* Remove only what a killed disk_make() left. Returns 1 if there was something, or 0. */
int disk_sweep(const char *path);

/* Give the file a second name, if it does not have it yet; and take one off. 0, or -errno after a
 * message. */
int disk_link(const char *path, const char *name);
int disk_unlink(const char *path);

/* DIRECTORY/NAME.xenfarm.img, the caller's to free. */
char *disk_path(const char *directory, const char *name);

#endif
