/*
 * A round of questions: the same to each of the clients that were selected. Those that are off are
 * not asked. An answer counts if it keeps to the rules of lib/fleet/ and is of the client that was
 * meant: what another one says, whatever its address, is never taken for this one's.
 */
#ifndef FARM_FLEET_ROUND_H
#define FARM_FLEET_ROUND_H

#include "farm/client/client.h"
#include "lib/fleet/fleet.h"

#define ROUND_SECONDS 2 /* for all answers together, without --timeout */

struct round_question {
	uint32_t number; /* of the procedure */
	xdrproc_t encode, decode;
	size_t arguments_size,
		reply_size; /* the first member of the one is whom, of the other who */
	const char *(*check)(const void *reply);
	/* The reply's result; *why: its reason, or NULL. */
	fleet_result (*result)(const void *reply, const char **why);
};

extern const struct round_question round_of_status, round_of_conflicts, round_of_reconcile,
	round_of_message, round_of_preview, round_of_server;

enum round_state {
	ROUND_OFF,      /* not asked */
	ROUND_SILENT,   /* no answer until the deadline, or no connection */
	ROUND_WRONG,    /* an answer that is not taken; or the client has nothing to answer with */
	ROUND_ANSWERED, /* reply is checked */
};

struct round_client {
	const struct client *client;
	enum round_state state;
	fleet_result result; /* of an answer */
	char why[200];       /* one line, unless all is well */
	void *arguments;     /* the question's; round_begin() sets whom it is for */
	void *reply;
};

struct round {
	const struct round_question *question;
	struct round_client *client;
	size_t n;
};

/* Returns 0, or -ENOMEM after a message. round_free() follows in either case. */
int round_begin(struct round *round, const struct round_question *question,
	const struct client_selection *selection);
void round_free(struct round *round);
#define AUTO_ROUND __attribute__((cleanup(round_free)))

/*
 * Ask those of round->client for which again(client) is true, or all if it is NULL, and wait that
 * long. Returns 0 whatever they answer, or -errno after a message.
 */
int round_ask(struct round *round, const struct farm_context *context, unsigned int seconds,
	bool (*again)(const struct round_client *client));

/* The same of status or conflicts, of all of them, by ssh(1). --timeout is for each client. */
int round_ask_by_ssh(struct round *round, const struct farm_context *context);

/* --- for both --- */

/* Does it run, and is it known where? */
bool round_is_asked(const struct round_client *client);

/* client->reply was filled: check it, and set what follows from it. */
void round_take_reply(const struct round *round, struct round_client *client);

void round_set_wrong(struct round_client *client, const char *what, const char *detail);

/* --timeout, or ROUND_SECONDS */
unsigned int round_seconds(const struct farm_context *context);

#endif
