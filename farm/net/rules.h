/*
 * The rules in force: nft(8) loads them from NET_RULES_PATH, in one transaction, so that there is
 * no moment without them; and they are read back.
 */
#ifndef FARM_NET_RULES_H
#define FARM_NET_RULES_H

#include <stdbool.h>

#include "farm/net/net.h"

/*
 * After a client was defined, or before one is undefined, with the farm's lock: write the rules for
 * these clients, which are all there are, and load them. A rules' file that somebody edited is left
 * alone, and is an error. Returns 0, or -errno after a message.
 */
int net_rules_update(const struct net_farm *farm, const struct net_client *clients, size_t n);

/* Load the file; remove what it has loaded. Return 0, or -errno after a message. */
int net_rules_load(void);
int net_rules_remove(void);

/* Has the kernel a table of ours? */
bool net_rules_loaded(void);

/*
 * Compare what the kernel has with what the file makes of a kernel that has nothing: nft(8) loads
 * it in a network namespace of its own. Returns 0: the same, 1: not, or -errno without a message.
 */
int net_rules_compare(void);

/*
 * After a client was started: is its port on the bridge, isolated, and do the rules bind it to its
 * address and MAC? Returns 0, or -errno after a message that says what is missing.
 */
int net_check_port(const struct net_farm *farm, const struct net_client *client);

/* Parts of it, without a message. 1: yes; 0: no; -errno: there is no such port, or no rules. */
int net_port_is_isolated(const char *bridge, const char *device);
int net_port_is_bound(const struct net_client *client);

#endif
