/* The log of operations, read: see farm/operation.h. */
#ifndef FARM_OPLOG_H
#define FARM_OPLOG_H

#include <stddef.h>
#include <stdint.h>

struct oplog_step {
	char *line, *error; /* error: NULL: it was done */
	double seconds;
};

struct oplog_operation {
	char *id, *user, *command;
	int64_t began; /* seconds since 1970 */
	int status;    /* -1: it has no end: at work, or cut off */
	double seconds;
	struct oplog_step *step;
	size_t n_steps;
	char **failed; /* names of what failed while the operation went on */
	size_t n_failed;
};

struct oplog {
	struct oplog_operation *operation; /* in the order in which they began */
	size_t n;
};

/*
 * Parse n bytes of a log. No I/O. A line that is not a record of this format is passed over: it may
 * have been cut off. Returns 0 or -ENOMEM.
 */
int oplog_parse(const char *text, size_t n, struct oplog *log);
void oplog_free(struct oplog *log);
#define AUTO_OPLOG __attribute__((cleanup(oplog_free)))

/* The newest part of the log at path, OPLOG_BYTES_MAX of it. 0, or -errno after a message; a log
 * that is not there is empty. */
#define OPLOG_BYTES_MAX (8u << 20)
int oplog_read(const char *path, struct oplog *log);

/* By its id, or NULL. */
const struct oplog_operation *oplog_find(const struct oplog *log, const char *id);

/* The last one whose command begins with these words, or NULL. */
const struct oplog_operation *oplog_last(const struct oplog *log, const char *words);

#endif
