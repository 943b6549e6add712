/*
 * The hosts of a farm: each is a connection to libvirt. The first is that of `uri` in xenfarm.conf,
 * called HOST_FIRST; the others have sections. All that are needed are asked at once and within a
 * time limit, so that one that does not answer holds up nobody.
 */
#ifndef FARM_CLIENT_HOST_H
#define FARM_CLIENT_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "farm/settings.h"
#include "farm/virt/virt.h"

enum host_state {
	HOST_UNASKED, /* a command that names its clients needs only their hosts */
	HOST_ANSWERS,
	HOST_SILENT /* down, unreachable, without permission: its clients are not known */
};

struct client_host {
	const char *name;
	const struct farm_host_settings *settings;
	enum host_state state;
	virConnectPtr connection; /* if it answers */
	enum virt_kind kind;
	bool is_here;           /* its files are files of this machine */
	bool is_one_of_several; /* its clients are called HOST/LABEL */
};

struct client_list;

/*
 * Connect to hosts, n of them, which were filled in but for state, connection and kind, and add
 * their clients to the list. One that does not answer is a message. Those with needed[i] false
 * stay unasked. Returns 0 if any answers, or -errno.
 */
int client_hosts_ask(struct client_host *hosts, size_t n, const bool *needed, bool read_only,
	struct client_list *list);
void client_hosts_close(struct client_host *hosts, size_t n);

/*
 * Does a word, a name or pattern that may begin with a host's and a slash, mean that host; and of
 * its clients the one of that name? A word without a slash means all hosts.
 */
bool client_word_has_host(const char *word, const char *host);
bool client_word_matches(const char *word, const char *host, const char *name);

/* The part of a word that names the client. */
const char *client_word_name(const char *word);

#endif
