/* xenfarm.conf(5). */
#ifndef FARM_SETTINGS_H
#define FARM_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

/* A share: the settings before the first section are those of one without a name. */
struct farm_share_settings {
	const char *name; /* NULL: that one */
	const char *path, *key;
	const char *mkinitrd; /* options of xf-mkinitrd(8), divided by blanks */
	uint32_t keep;        /* generations that gc leaves */
};

#define FARM_HOST_FIRST "local"

/* A server that runs domains. */
struct farm_host_settings {
	const char *name;    /* the first, which has no section: FARM_HOST_FIRST */
	const char *uri;     /* of libvirt */
	const char *address; /* of the server that its clients mount from; NULL: as for all */
	uint32_t timeout;    /* seconds that it has for an answer, where there are several */
};

/* One more server of the same shares, at the same paths. */
struct farm_server_settings {
	const char *name;
	const char *address; /* in the clients' network, without a prefix length */
	const char *ssh;     /* whom `share push` and `status` call there: [USER@]HOST */
};

/* Clients that @NAME selects. */
struct farm_group_settings {
	const char *name;
	const char *clients; /* see farm/group.h */
};

struct farm_settings {
	struct buf text; /* of the file, which the settings point into */
	struct farm_share_settings share, *named_share;
	size_t n_named_shares;
	struct farm_host_settings host, *named_host;
	size_t n_named_hosts;
	struct farm_server_settings *server;
	size_t n_servers;
	struct farm_group_settings *group;
	size_t n_groups;

	const char *network, *bridge; /* libvirt's name of the clients' network, its bridge */
	const char *address;          /* the server's in it, with its prefix length */
	const char *ports;            /* TCP ports of the server that clients reach */
	/* The same of the masters' network. */
	const char *master_network, *master_bridge, *master_address;
	const char *proxy, *mirror; /* of packages; "": none, and the distribution's own */
	const char *
		client_packages; /* files, with commas between them; NULL: what is installed here */
	const char *disks, *boot;    /* directories of clients' disks and of boot files */
	const char *log;             /* of operations */
	const char *ssh_ca;          /* private key of the SSH authority, see ssh/authority.h */
	const char *run;             /* directory of what lasts until the next boot */
	const char *fleet;           /* directory of what clients said last */
	uint32_t agent_port;         /* TCP port of the clients' xf-agentd(8) */
	uint32_t memory, cpus, disk; /* of a new client; memory and disk in MiB */
};

/*
 * Read the file at path; if it is optional, it may be missing, and the defaults hold. Returns 0, or
 * -errno after a message. The caller frees settings in either case.
 */
int farm_settings_read(const char *path, bool optional, struct farm_settings *settings);
void farm_settings_free(struct farm_settings *settings);

/* The share of that name, or NULL. */
const struct farm_share_settings *farm_settings_share(
	const struct farm_settings *settings, const char *name);

/* The group of that name, or NULL. */
const struct farm_group_settings *farm_settings_group(
	const struct farm_settings *settings, const char *name);

/* The other server of that name, or NULL. */
const struct farm_server_settings *farm_settings_server(
	const struct farm_settings *settings, const char *name);

/* farm_settings_read() from settings->text, which has room for one byte more. No I/O; see
 * conf_parse(). */
struct conf_error;
int farm_settings_parse(struct farm_settings *settings, struct conf_error *error);

#endif
