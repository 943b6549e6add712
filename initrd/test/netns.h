/*
 * Networks of a test's own, without root: user and network namespaces, and a second one as the far
 * end of cables. Uses ip(8) and nsenter(1).
 */
#ifndef INITRD_TEST_NETNS_H
#define INITRD_TEST_NETNS_H

#include <stdbool.h>

/* Become root of a user namespace. Returns NULL, or why that is not possible here. */
const char *netns_enter(void);

/* Leave the network there was for an empty one, with an empty far end. Ends the program if it
 * fails. */
void netns_fresh(void);

/* Run a shell command here, or at the far end. True if it went well. */
bool netns_run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
bool netns_far(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Lay a cable: NAME here, with MAC 02-00-00-00-00-ID, and farID at the far end. Both ends are down.
 */
bool netns_cable(const char *name, int id);

/* True if the output of a command here has text; prints it as a remark if not. */
bool netns_shows(const char *command, const char *text);

/* End the far end. */
void netns_leave(void);

#endif
