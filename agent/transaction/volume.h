/*
 * The file systems of a transaction. What is moved into place by rename(2) has to be staged on the
 * same mount: each that has changes gets a private directory where it is mounted,
 *
 *	TOP/.xenfarm/transaction      while a transaction runs, and
 *	TOP/.xenfarm/trash/SERIAL     afterwards,
 *
 * with the files that STATE/transaction and STATE/trash/SERIAL have of the file system that the
 * state directory is on. Mode 0700; scans leave it out. All else of a transaction is in the state
 * directory.
 */
#ifndef AGENT_TRANSACTION_VOLUME_H
#define AGENT_TRANSACTION_VOLUME_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/transaction/change.h"
#include "lib/manifest/manifest.h"

#define VOLUME_DIR ".xenfarm"

struct volume {
	char *top;    /* where it is mounted, below the root; "": it is the root's */
	bool state;   /* the state directory is on it: no directory of its own */
	bool missing; /* it is not mounted, or not the one that it was */
	int dir;      /* fd of its "transaction"; -1: none */
};

struct volumes {
	struct volume *volume; /* none: all is on the state directory's */
	size_t n;
};

/* Add one; top is copied. False without memory. */
bool volumes_add(struct volumes *volumes, const char *top, bool state);
void volumes_free(struct volumes *volumes);

/*
 * The volumes that changes are on; local says where file systems are mounted. None, if the state
 * directory is on the only one. Returns 0 or -errno.
 */
int volumes_find(struct volumes *volumes, int root, int state, const struct manifest *local,
	const struct changes *changes);

/* That of a path, which is below STATE/pending or below the root; NULL: the state directory's. */
struct volume *volumes_of(const struct volumes *volumes, bool pending, const char *path);

/* Make a new, empty "transaction". Returns 0 or -errno; -EPERM: VOLUME_DIR is not root's own. */
int volume_make(struct volume *volume, int root);

/* Open "transaction" after a kill, and set missing. If it does not exist, dir stays -1. */
void volume_open(struct volume *volume, int root);

/* Rename "transaction" to "trash/SERIAL". May be repeated. Returns 0 or -errno. */
int volume_keep(const struct volume *volume, int root, uint32_t serial);

/* Remove "transaction", or trash/SERIAL if serial is not 0. Returns 0 or -errno. */
int volume_remove(const struct volume *volume, int root, uint32_t serial);

/* Is this path such a private directory? */
bool volume_is_private(const char *path, enum manifest_type type);

#endif
