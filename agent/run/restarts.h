/*
 * Processes that still run a file that was replaced. On NFS, /proc/PID/maps does not say
 * "(deleted)" when the server has removed a file. So the file that is mapped is compared with the
 * one that its path names now; a path that names none counts, too.
 */
#ifndef AGENT_RUN_RESTARTS_H
#define AGENT_RUN_RESTARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

struct restarts_user {
	int pid;
	char *unit;   /* of systemd, or the program's name */
	bool is_unit; /* the former */
	int64_t uid;  /* of the user whose manager or session it belongs to; -1: the system's */
	char *file;   /* one of those that were replaced */
};

struct restarts {
	struct restarts_user *user; /* by unit, then by pid */
	size_t n;
	char *kernel; /* restarts_kernel() */
};

/*
 * Find them. tree: an fd of the tree of a generation, as a client has it mounted; then files that
 * come from the share are compared with those, so it is what is to be restarted once that
 * generation is in use, and seen to be. Negative: none. Free in any case. Returns 0 or -errno.
 */
int restarts_find(struct restarts *restarts, int tree);
void restarts_free(struct restarts *restarts);

/*
 * The version of the kernel that a reboot boots (xenfarm-share(5)), to be freed; NULL if it is the
 * one that runs. tree: as above.
 */
char *restarts_kernel(int tree);

/* Append what `needrestart -b` would print; its README.batch.md has the format. */
void restarts_batch(const struct restarts *restarts, struct buf *out);

/* --- parts, here to be tested --- */

/* What a path of a client is in the tree of a generation: without "/", and without the path of the
 * tree that it runs from. */
const char *restarts_in_tree(const char *path);

struct restarts_unit {
	char *name; /* the last NAME.service or NAME.scope of a control group's path */
	char *user; /* what follows "user-" in the user's slice that it is in; NULL: none */
};

/* From a line of /proc/PID/cgroup, which is cut into pieces. False if there is none. */
bool restarts_parse_unit(char *line, struct restarts_unit *unit);

#endif
