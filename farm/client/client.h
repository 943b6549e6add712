/*
 * The clients of a farm, as libvirt has them: domains with our record. A session is what a command
 * works with: the connection, the clients, the lock and the log.
 */
#ifndef FARM_CLIENT_H
#define FARM_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "farm/client/host.h"
#include "farm/operation.h"
#include "farm/oplog.h"
#include "farm/virt/record.h"
#include "farm/virt/virt.h"
#include "farm/xenfarm.h"

enum client_power { CLIENT_OFF, CLIENT_RUNNING, CLIENT_PAUSED, CLIENT_OTHER };

struct client {
	const char *label; /* its host name, and libvirt's name of it; lives as long as domain */
	const char *name; /* what people call it: with several hosts "HOST/LABEL", else the label */
	const struct client_host *host;
	char uuid[RECORD_UUID_SIZE];
	virDomainPtr domain;
	enum client_power power;
	const char *damaged; /* the rule that its record breaks, or NULL: record is valid */
	struct record record;
	int probe; /* a connection that is being made to it: fd + 1; 0: none */
};

struct client_list {
	struct client *client; /* by host and label */
	size_t n;
};

/* All clients of a host. Returns 0, or -errno after a message. */
int client_list_load(const struct client_host *host, struct client_list *list);
void client_list_free(struct client_list *list);

/* Move all clients of more to the end of list. 0 or -ENOMEM after a message. */
int client_list_join(struct client_list *list, struct client_list *more);

/* "HOST/LABEL", the caller's to free; NULL without memory. */
char *client_name_on(const struct client_host *host, const char *label);

/* Add a domain, if it is a client's. Returns 1 or 0, or -errno after a message. */
int client_list_add(struct client_list *list, const struct client_host *host, virDomainPtr domain);

/* By its label, on any host, or NULL. */
struct client *client_list_find(const struct client_list *list, const char *label);

const char *client_power_name(enum client_power power);

/* What a person is told of it: "running", or what comes before that: "creating", "damaged". */
const char *client_state(const struct client *client);

struct client_session {
	struct farm_context *context;
	struct client_host *host; /* the first is FARM_HOST_FIRST */
	size_t n_hosts;
	bool incomplete; /* hosts do not answer that may have some of what was asked for */
	struct client_list list;
	int lock;          /* fd, or -1 */
	char command[256]; /* that took it */
	struct operation operation;
	bool in_operation;
	struct oplog log; /* with --retry-failed: as it was before this command */
};

/* Read the settings, if that was not done yet: for what is to be checked before all else. 0, or
 * -errno after a message. */
int client_configure(struct farm_context *context);

/*
 * Connect and read the clients; read_only: nothing will be changed. words, which may be NULL, are
 * what the command will select: if all of them name hosts, only these are asked. Returns 0, if
 * there are several hosts also when only some of them answer; or -errno after a message.
 * client_session_end() follows in either case.
 */
int client_session_begin(struct client_session *session, struct farm_context *context,
	bool read_only, char *const *words);

/*
 * The same for a command that changes something, with the farm's lock unless it is a dry run, and
 * with a record in the log. command: the command line, ends with NULL.
 */
int client_session_begin_change(struct client_session *session, struct farm_context *context,
	const char *const *command, char *const *words);

/* All hosts have to answer: what is there is to be known. 0, or -errno after a message. */
int client_session_need_all(const struct client_session *session);

/* The host of that name (NULL: the first), if it answers; NULL after a message. */
const struct client_host *client_session_host(
	const struct client_session *session, const char *name);

/*
 * Let others change clients while this one only waits; and keep them from it again, within seconds.
 * What is known of a client from before is then to be read again: its name, its record; or it is
 * gone. Return 0, or -errno after a message.
 */
void client_session_unlock(struct client_session *session);
int client_session_lock(struct client_session *session, unsigned int seconds);
int client_read_again(struct client *client);

/* Release all of it. r: what the command did, 0 or -errno; returns the exit status, and logs it. */
int client_session_end(struct client_session *session, int r);

/*
 * Let context->share be the share with that UUID, among --share and those of xenfarm.conf. Returns
 * 0, -ENOENT without a message if none is, or -errno after one.
 */
int client_open_share(struct client_session *session, const char *uuid);

/* "client", the command, and its arguments; NULL ends them. The caller frees the array. NULL
 * without memory. */
const char **client_words(const char *command, char *const *arguments);

/* --- selection --- */

struct client_selection {
	struct client **client; /* in the list's order, each once */
	size_t n;
};

/*
 * The clients that words name: names, patterns and groups (@NAME), or all of them. A name that is
 * none is a message, with the nearest one; so is a pattern or group that has none. Returns 0 or
 * -errno.
 */
int client_select(struct client_session *session, char *const *words, bool all,
	struct client_selection *selection);
void client_selection_free(struct client_selection *selection);
#define AUTO_CLIENT_SELECTION __attribute__((cleanup(client_selection_free)))

/* Do words, if there are any, select the client? And are all groups that they name there? The
 * second returns 0, or -errno after a message. */
bool client_words_match(
	const struct client_session *session, char *const *words, const struct client *client);
int client_words_check(const struct client_session *session, char *const *words);

/* The names of the groups that it is in, with commas between them, the caller's to free; NULL: in
 * none. */
char *client_groups(const struct client_session *session, const struct client *client);

/* Remember that hosts which do not answer are missed, to be said at the end. */
void client_session_note_silent(struct client_session *session);

/* Say that a word names a host that is none. Returns -ENOENT. */
int client_host_unknown(const struct client_session *session, const char *word);

/* One client by its name, with its host's or without. Returns 0, -ENOENT without a message if there
 * is none, or -errno after one: it is on two hosts. */
int client_look(struct client_session *session, const char *word, struct client **client);

/* The same, with a message for all. NULL after a message. */
struct client *client_find(struct client_session *session, const char *name);

/* --- changes of one client --- */

/* "web1: generation 3, ready" */
struct client_title {
	char text[160];
};
struct client_title client_title(const char *name, uint32_t generation, enum record_state state);

/* Write title and record into the domain, where it is defined and where it runs. 0, or -errno after
 * a message. */
int client_write(struct client *client, const char *title, const struct record *record);

/* What it starts with, as its directory of boot files is called: "12", "live", "canary". */
struct client_source {
	char text[sizeof(((struct record *)0)->channel)];
};
struct client_source client_source(const struct record *record);

/* For --json: the state that it is in now. */
void client_result(struct client *client);

/* The generation that it starts with: its pin, or that of its channel's boot files; 0: unknown. */
uint32_t client_generation(const struct client_session *session, const struct client *client);

#endif
