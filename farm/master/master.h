/*
 * The masters of a farm, as libvirt has them: domains with our record (farm/virt/record.h). A
 * session is what a command works with: the connection, the lock of one master, the log.
 */
#ifndef FARM_MASTER_H
#define FARM_MASTER_H

#include <stdbool.h>
#include <stddef.h>

#include "farm/master/network.h"
#include "farm/operation.h"
#include "farm/virt/domain-xml.h"
#include "farm/virt/record.h"
#include "farm/virt/virt.h"
#include "farm/xenfarm.h"

/* It is known to libvirt by one of ours: also to others that ask before they begin. */
#define MASTER_DISK_SUFFIX ".img"

struct master {
	virDomainPtr domain; /* NULL: there is none */
	char *name;
	char uuid[RECORD_UUID_SIZE];
	bool active; /* it runs, or is paused: its disk changes, or may */
	struct record record;
	const char *damaged;               /* the rule that its record breaks, or NULL */
	char *xml;                         /* what it is started with */
	struct domain_xml_read domain_xml; /* the same, read */
};

void master_free(struct master *master);
#define AUTO_MASTER __attribute__((cleanup(master_free)))

struct master_session {
	struct farm_context *context;
	virConnectPtr connection;
	const char *name; /* of the master that is changed, or NULL */
	int lock;         /* fd, or -1 */
	struct operation operation;
	bool in_operation;
};

/* Connect. read_only: nothing will be changed. Returns 0, or -errno after a message;
 * master_session_end() follows in either case. */
int master_session_begin(
	struct master_session *session, struct farm_context *context, bool read_only);

/*
 * The same for a command that changes the master of that name: with the lock of it, which says what
 * is done to whoever comes next, and with a record in the log. action: "update".
 */
int master_session_begin_change(struct master_session *session, struct farm_context *context,
	const char *action, const char *name);

/* Ends the operation with the exit status for r (0 or -errno), and returns that. */
int master_session_end(struct master_session *session, int r);

/*
 * The master of that name. Returns 0, or -errno after a message: -EINVAL if it cannot be a name,
 * -ENOENT with the nearest name that there is, -EPERM if the domain is not a master.
 */
int master_find(struct master_session *session, const char *name, struct master *master);

/* The same, but it is fine if there is no domain of that name: then master->domain is NULL. */
int master_look(struct master_session *session, const char *name, struct master *master);

/* All masters, by name. The caller frees them: master_list_free(). */
struct master_list {
	struct master *master;
	size_t n;
};
int master_list_load(virConnectPtr connection, struct master_list *list);
void master_list_free(struct master_list *list);

/* Its state, for a person: "creating", "damaged", "running", "off" … */
const char *master_state(const struct master *master);

/* Says what it has to be for that action ("start"), and is not. Returns 0, or -errno after a
 * message. */
int master_require_ready(const struct master *master, const char *action);
int master_require_off(const struct master *master, const char *action);

/*
 * The share of a master: --share, which has to be it, or the one of xenfarm.conf with its UUID.
 * Chooses it in the context and opens it. Returns 0, or -errno after a message.
 */
int master_open_share(struct master_session *session, const struct master *master);

/* The address of its interface in the masters' network. Returns false if it has none of ours. */
bool master_address(const struct master *master, struct xf_addr *address);

/* BOOT/master/NAME, the caller's to free. */
char *master_boot_directory(const struct master_session *session, const char *name);

/* The masters' network of the settings. Returns 0, or -EINVAL after a message. */
int master_settings_network(const struct farm_settings *settings, struct master_network *network);

#endif
