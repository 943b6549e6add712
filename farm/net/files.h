/*
 * The files of a farm's server, as a plan: a list that `init` shows, writes or takes back and that
 * `doctor` compares with what is there. A file that is not ours, or that somebody has edited, is
 * never changed.
 */
#ifndef FARM_NET_FILES_H
#define FARM_NET_FILES_H

#include <stdbool.h>
#include <sys/types.h>

#include "farm/net/net.h"
#include "lib/buf.h"

#define NET_FILES_MAX 8

/* What has to follow once a file was written or removed. */
enum net_after {
	NET_LOAD_RULES = 1 << 0,
	NET_EXPORT = 1 << 1,
	NET_RESTART_NFS = 1 << 2,
	NET_RELOAD_UNITS = 1 << 3,
	NET_LOAD_APPARMOR = 1 << 4,
};

struct net_file {
	const char *path; /* absolute */
	const char *what; /* it is for, in words */
	mode_t mode;      /* S_IFLNK: a link to content */
	bool lasts;       /* another program wants it to be there: an empty one is nobody's */
	unsigned int after;
	struct buf content;
};

/* Where the rules are kept: net_rules_…() of farm/net/rules.h. */
#define NET_RULES_PATH XF_SYSCONFDIR "/xenfarm/rules.nft"

#define NET_EXPORTS_PATH "/etc/exports.d/xenfarm.exports"

/* What the plan depends on, besides the farm. */
struct net_facts {
	bool xen;           /* there are scripts of Xen */
	bool apparmor;      /* libvirt's helper has a profile */
	bool other_exports; /* this server exports more than the farm's shares */
};

struct net_plan {
	struct net_file file[NET_FILES_MAX];
	size_t n;
};

/* No I/O. Returns 0 or -ENOMEM; the plan is to be freed in either case. */
int net_plan_make(struct net_plan *plan, const struct net_farm *farm,
	const struct net_client *clients, size_t n_clients, const struct net_facts *facts);
void net_plan_free(struct net_plan *plan);
#define AUTO_NET_PLAN __attribute__((cleanup(net_plan_free)))

const struct net_file *net_plan_find(const struct net_plan *plan, const char *path);

/* In all of these, root is an fd of the directory that paths begin at: "/", but for tests. */

/* Look at the machine. */
struct net_facts net_facts_read(int root);

enum net_file_state {
	NET_FILE_ABSENT,
	NET_FILE_SAME,
	NET_FILE_OLD,    /* ours, but says something else */
	NET_FILE_EDITED, /* ours once */
	NET_FILE_FOREIGN
};
/* Returns a state, or -errno without a message. */
int net_file_look(int root, const struct net_file *file);

/*
 * What the plan changes of the file that is there, as diff -u says it, NUL-terminated; "" if the
 * mode alone is another. Returns 0 or -errno, without a message.
 */
int net_file_diff(int root, const struct net_file *file, struct buf *diff);

/* Make it what the plan says, with the directories above it. Returns 0, or -errno after a message.
 */
int net_file_write(int root, const struct net_file *file);

/* Remove it, or leave an empty one if it has to be there. Returns as net_file_write(). */
int net_file_remove(int root, const struct net_file *file);

#endif
