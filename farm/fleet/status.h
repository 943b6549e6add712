/*
 * What is known of each client: what it says now, or what it said last. The commands show it as a
 * table, a page and metrics.
 */
#ifndef FARM_FLEET_STATUS_H
#define FARM_FLEET_STATUS_H

#include "farm/fleet/round.h"
#include "farm/fleet/servers.h"

struct status_client {
	const struct client *client;
	enum round_state state;
	const char *why; /* what a person is told: "off", "no answer", "running" */
	bool known;      /* is there a status? */
	bool is_new;     /* it is of now */
	fleet_status status;
	int64_t seen;       /* when it was said; 0: never */
	const char *server; /* that it runs from; NULL: unknown, or there is only one */
};

struct status_list {
	struct status_client *client; /* in the selection's order */
	size_t n;
	int64_t now;
	/* --- its own --- */
	struct round round, of_servers;
};

/* How a list is to be made. */
enum status_way { STATUS_ASK, STATUS_SSH, STATUS_FAST /* nobody is asked */ };

/* Returns 0, however many do not answer; or -errno after a message. status_free() follows in either
 * case. */
int status_load(struct client_session *session, const struct client_selection *selection,
	enum status_way way, struct status_list *list);
void status_free(struct status_list *list);
#define AUTO_STATUS __attribute__((cleanup(status_free)))

/* Ask those that answered which server they run from: client->server. Bounded as status_load().
 * Returns 0, whatever they answer, or -errno after a message. */
int status_load_servers(struct client_session *session, struct status_list *list);

struct status_totals {
	size_t clients, answered, silent, wrong, off;
	/* Clients with … */
	size_t conflicts, deferred, restarts, reboot, behind;
	size_t n_conflicts; /* of all clients together */
};
struct status_totals status_count(const struct status_list *list);

/* Does the share have a newer generation for it? */
bool status_is_behind(const fleet_status *status);

/* EXIT_UNREACHABLE, EXIT_CONFLICTS, EXIT_DEFERRED, or EXIT_SUCCESS: nothing is to be done. */
int status_exit(const struct status_totals *totals);

/* "now", "3 h ago", "never" */
struct status_age {
	char text[32];
};
struct status_age status_age(int64_t seen, int64_t now);

/* Write the metrics, in the text format of Prometheus, into a file that appears whole. Returns 0,
 * or -errno after a message. */
int status_write_metrics(
	const struct status_list *list, const struct server_list *servers, const char *path);

/* The same of a page for a browser, which has what the session knows of shares, and conflicts. */
int status_write_page(const struct status_list *list, const struct server_list *servers,
	struct client_session *session, const char *path);

/* Let the title of each domain say its generation and conflicts, where it says something else. */
void status_write_titles(const struct status_list *list);

#endif
