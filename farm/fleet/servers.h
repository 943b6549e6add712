/*
 * The other servers of xenfarm.conf: what each has of the shares, compared with what is here. Each
 * is asked by ssh(1), all at once, with one deadline: one that is dead is a line that says so.
 */
#ifndef FARM_FLEET_SERVERS_H
#define FARM_FLEET_SERVERS_H

#include "farm/share/push.h"
#include "farm/xenfarm.h"
#include "lib/buf.h"

enum server_condition {
	SERVER_SILENT, /* no answer until the deadline, or one that is none */
	SERVER_EQUAL,  /* all channels are as here */
	SERVER_LAGS,   /* a channel is behind, or is not there */
	SERVER_AHEAD,  /* a channel has a newer generation than here */
};

/* One server, and one share that is here. */
struct server {
	const struct farm_server_settings *settings;
	struct share_store share;
	enum server_condition condition;
	char why[256];            /* one line: what a person is told */
	uint32_t live, live_here; /* generations; live: 0 unless it answered */
	struct buf clients;       /* that run from it, with blanks between them, by its address */
	size_t n_clients;
	/* --- its own --- */
	struct push push; /* has its answer */
	pid_t pid;        /* of ssh(1); 0: none */
	int fd;
	struct buf answer;
};

struct server_list {
	struct server *server; /* by the settings' order */
	size_t n;
	int64_t end; /* milliseconds of the monotonic clock */
};

/* Begin to ask. Returns 0, or -errno after a message. servers_free() follows in either case. */
int servers_begin(
	struct server_list *list, const struct farm_context *context, unsigned int seconds);

/* Wait for the answers, until the deadline that began with servers_begin(). */
void servers_wait(struct server_list *list);

/* A client says that it runs from the server with that address. */
void servers_add_client(struct server_list *list, const char *address, const char *name);

/* One line, after "server NAME: ". The caller's to free; NULL without memory. */
char *servers_line(const struct server *server);

/* "silent", "equal", "lags", "ahead" */
const char *servers_condition(const struct server *server);

struct json_object;
struct json_object *servers_json(const struct server_list *list);

/* How many gave no answer? */
size_t servers_silent(const struct server_list *list);

void servers_free(struct server_list *list);
#define AUTO_SERVERS __attribute__((cleanup(servers_free)))

#endif
