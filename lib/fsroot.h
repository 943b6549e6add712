/*
 * Files below a root directory that users who are not trusted may write to. A path is relative to
 * the root's fd, "" is the root itself. No symbolic link is followed and nothing leads out of the
 * root: openat2(2) with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS, or component by component where the
 * kernel has no openat2.
 */
#ifndef LIB_FSROOT_H
#define LIB_FSROOT_H

#include <sys/types.h>

/*
 * Open path below root; flags and mode as for open(2), O_CLOEXEC is added. Returns an fd that the
 * caller closes, or -errno: -ELOOP if a component is a symbolic link (the last too, unless O_PATH |
 * O_NOFOLLOW asks for the link itself), -EXDEV if path is absolute or has a ".." component.
 */
int fsroot_open(int root, const char *path, int flags, mode_t mode);

/* fsroot_open() where the kernel has no openat2, with the same results. Public for its test. */
int fsroot_open_walk(int root, const char *path, int flags, mode_t mode);

/*
 * Open the directory that holds path's last component (O_PATH), for the *at() calls. *name points
 * into path. Returns an fd that the caller closes, or -errno; -EINVAL for the root itself.
 */
int fsroot_parent(int root, const char *path, const char **name);

/*
 * Remove name in directory (an fd or AT_FDCWD), and all that is below it if it is a directory. It
 * is no error if there is no such name. Returns 0 or -errno; what was not removed then stays.
 */
int fsroot_remove(int directory, const char *name);

/*
 * Make the directories above path that are missing, with mode 0755; path itself is not made. Not
 * below a root: only for paths of which no other user may change a part. Returns 0 or -errno.
 */
int fsroot_make_parents(const char *path);

#endif
