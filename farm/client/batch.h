/*
 * The same action on many clients: some at a time (--batch), until too many have failed
 * (--max-failures). One that fails never stops those beside it, and is named at the end.
 */
#ifndef FARM_CLIENT_BATCH_H
#define FARM_CLIENT_BATCH_H

#include "farm/client/client.h"

struct batch_failures {
	const char **name;
	size_t n;
};

/* Remember one by its name, which is to live as long, here and in the log for --retry-failed. */
void batch_failed(struct batch_failures *failures, struct operation *operation, const char *name);

/* Name those that failed, of `all` that were to be done ("started"), with a hint what to do, and
 * release them. Returns 0 if there are none, else -EIO after the message. */
int batch_report(struct batch_failures *failures, const char *done, size_t all, const char *hint);

struct batch_action {
	const char *line;    /* of the step that begins it, "start" */
	const char *done;    /* "started" */
	const char *waiting; /* of the step that waits until it is done, "is off"; NULL: nothing is
				waited for */
	/* Instead of what follows, in a dry run: show what would change. Returns 0, or -errno after
	 * a message, as begin would; NULL: there is nothing to show. */
	int (*preview)(struct client_session *session, struct client *client);
	/* Returns 0: done; 1: under way; or -errno after a message. */
	int (*begin)(struct client_session *session, struct client *client);
	int (*poll)(struct client_session *session, struct client *client); /* the same */
	/* The time limit (--timeout) is over. The same; NULL: it has failed. */
	int (*late)(struct client_session *session, struct client *client);
	bool only_waits;    /* poll changes nothing: others may change the farm meanwhile */
	unsigned int limit; /* seconds, without --timeout */
};

/* Returns 0; -EIO or, if all that failed were too late, -ETIMEDOUT, after naming those. */
int batch_run(struct client_session *session, const struct client_selection *selection,
	const struct batch_action *action);

/* A whole command: select by its arguments, --all and --retry-failed, and run it. Returns the exit
 * status. */
int batch_command(
	void *options, char **arguments, const char *name, const struct batch_action *action);

/* Wait until a client answers on the port of ssh, runs, is off. */
extern const struct batch_action client_wait_answer, client_wait_running, client_wait_off;

#endif
