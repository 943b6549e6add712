/*
 * The conflicts of all clients, as one list: equal ones, of the same path and the same contents,
 * are one group, however many clients have them.
 */
#ifndef FARM_FLEET_INBOX_H
#define FARM_FLEET_INBOX_H

#include "farm/fleet/round.h"

struct inbox_group {
	const fleet_conflict *conflict; /* of the first of them */
	const char **name;              /* of the clients */
	size_t n;
	int64_t since;       /* the earliest */
	uint32_t generation; /* the lowest */
};

struct inbox {
	struct inbox_group *group; /* the largest first */
	size_t n;
	size_t conflicts, clients; /* that have some */
	size_t unlisted;           /* conflicts that did not fit into an answer */
	size_t silent, wrong;
	/* --- its own --- */
	struct round round;
	const char **names;
};

/* Ask the clients. Returns 0, however many do not answer; or -errno after a message. inbox_free()
 * follows in either case. */
int inbox_load(struct client_session *session, const struct client_selection *selection,
	struct inbox *inbox);
void inbox_free(struct inbox *inbox);
#define AUTO_INBOX __attribute__((cleanup(inbox_free)))

#endif
