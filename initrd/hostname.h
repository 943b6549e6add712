/*
 * /etc/hostname of a client's root: xf-init writes the client's name there, and writes it again
 * after the client got another one, but never over what an administrator wrote. The names that it
 * wrote are kept in PATH_ETC_NAME, a line each: one, or two while the second replaces the first.
 */
#ifndef INITRD_HOSTNAME_H
#define INITRD_HOSTNAME_H

/* Write the name to a root that is being filled, whatever was there. Returns 0 or -errno. */
int hostname_set(const char *root, const char *name);

/*
 * Write the name to a root that was filled, if what is there was written by these functions. A
 * power cut leaves the old name or the new one, and the next call completes it. Returns 1 if the
 * name was written, 0 if there was nothing to do, or -errno.
 */
int hostname_follow(const char *root, const char *name);

#endif
