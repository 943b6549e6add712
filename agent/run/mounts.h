/*
 * What is mounted below the root, and what should be. Local file systems that can be written to
 * belong to the writeable part, wherever they are mounted; the agent does not enter others. If one
 * of etc/fstab is not mounted, its paths are unknown, not absent.
 */
#ifndef AGENT_RUN_MOUNTS_H
#define AGENT_RUN_MOUNTS_H

#include <stdbool.h>

struct mounts;

/* Read etc/fstab of the tree below root, whose fd has to stay open. NULL without memory. */
struct mounts *mounts_read(int root);
void mounts_free(struct mounts *mounts);

/*
 * For a scan, treescan_options.mount: may this directory be entered? 1; 0: something is mounted
 * there that is not the agent's: of a network, a kernel, read-only, or a part of a tree that is
 * seen elsewhere, too; -ENODEV: it should be mounted, and is not; or -errno.
 */
int mounts_enter(const struct mounts *mounts, const char *path, bool mounted);

/* The first directory that path lies below and that should be mounted, and is not; or NULL. */
const char *mounts_missing(const struct mounts *mounts, const char *path);

/*
 * --- parts, here to be tested ---
 *
 * Is the mount of that number, in the text of /proc/self/mountinfo (proc(5)), of a local file
 * system? text is a copy, NUL-terminated.
 */
bool mounts_is_local(const char *text, unsigned long number);

#endif
