/*
 * What `xenfarm share push` of another server brings: below incoming/N/ of a share, the tree of
 * generation N (tree/), its manifest with signature, layout and note (manifest/N.…), and the
 * share's keys (etc/keys). Nothing of it counts before it was verified. Errors are printed here.
 */
#ifndef FARM_RECEIVE_H
#define FARM_RECEIVE_H

#include "farm/share/store.h"

/*
 * Make the directory path a share without generations, a copy of the one with that UUID, unless it
 * is that already; and the directory incoming/ in it. Returns 0; or -errno after a message: -EEXIST
 * if it is another share, or a directory with something else in it.
 */
int receive_make(const char *path, const char *uuid);

/*
 * With the lock: verify generation N in incoming/, and make it one of the share's. The keys that
 * came with it have to follow from the share's own, if it has any (lib/keychain.h); the manifest
 * has to be signed by the last of them, and the tree has to be as it says. If the share has
 * generation N, only keys and signature are replaced. Returns 0 or -errno; after an error the share
 * is as it was, but for keys that are newer.
 */
int receive_take(struct share_store *share, uint32_t generation);

#endif
