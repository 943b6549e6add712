/*
 * A root of a test's own, without being root: user, mount and UTS namespaces, and an empty tmpfs as
 * "/", so that code which knows the initramfs by its paths (/root, /mroot, /run) finds them there.
 */
#ifndef INITRD_TEST_SANDBOX_H
#define INITRD_TEST_SANDBOX_H

#include <stdbool.h>

/*
 * Go there. Returns NULL, or why that is not possible here. What is open stays so; /dev/null and
 * /dev/random are there.
 */
const char *sandbox_enter(void);

/* Make an empty file system on a directory that is made with those above it. Ends the program if
 * that fails. */
void sandbox_mount(const char *directory);

/* Likewise for a file with those bytes; an empty one for NULL. */
void sandbox_file(const char *path, const char *text);

/* The text of a file, NUL-terminated, until the next call; "" if there is none. */
const char *sandbox_read(const char *path);

bool sandbox_exists(const char *path);

/* Remove what is in a directory and below, over mounts. */
void sandbox_empty(const char *directory);

#endif
