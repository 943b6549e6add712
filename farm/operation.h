/*
 * What one command does to the farm, step by step. Each step is one line, which a dry run prints
 * and does no more, and the run prints with the seconds that it took. All of it goes to the log,
 * under the operation's id, with time and user: `xenfarm log` reads it (farm/oplog.h).
 */
#ifndef FARM_OPERATION_H
#define FARM_OPERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPERATION_ID_SIZE 32

struct operation {
	char id[OPERATION_ID_SIZE]; /* "20261128-142530-1a2b": sorts by time */
	bool dry_run;
	/* --- its own --- */
	int log; /* fd, or -1 */
	double began;
};

/*
 * Begin. log is the log's path, whose directory is made if it is missing, or NULL; command what was
 * asked for, as words of a command line. A log that cannot be written is a warning and nothing
 * more. A dry run writes no log.
 */
void operation_begin(
	struct operation *operation, const char *log, const char *const *command, bool dry_run);

/*
 * A step: print the line, and unless this is a dry run call run(arg), which prints its own messages
 * and returns 0 or -errno. Returns that.
 */
__attribute__((format(printf, 4, 5))) int operation_step(
	struct operation *operation, int (*run)(void *arg), void *arg, const char *format, ...);

/* A text that a dry run shows whole, such as a file's content, under a line that names it. */
void operation_show(const struct operation *operation, const char *title, const char *text);

/*
 * Something that the operation was to work on (a client, by its name) failed, and the operation
 * went on with others. Remembered in the log for --retry-failed.
 */
void operation_failed(struct operation *operation, const char *name);

/* End, with the command's exit status, and print what --json asks for (farm/results.h). Returns
 * status. */
int operation_end(struct operation *operation, int status);

/*
 * Ask before something that cannot be undone; yes: it was answered on the command line. Without a
 * terminal nobody can be asked: then this says that --yes is needed. True to go on.
 */
__attribute__((format(printf, 2, 3))) bool operation_confirm(bool yes, const char *format, ...);

/* The name of the user who asked for it, also if sudo(8) made him root. */
const char *operation_user(void);

#endif
