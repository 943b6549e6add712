/*
 * ssh(1) to many clients by the farm's authority: one key, one certificate and one configuration
 * for all of them, which end with the command that needs them. Each is known by the host key that
 * was made with its disk, whatever its address was before.
 */
#ifndef FARM_FLEET_SSH_CONFIG_H
#define FARM_FLEET_SSH_CONFIG_H

#include <limits.h>

#include "farm/client/client.h"
#include "farm/ssh/authority.h"

struct ssh_config {
	struct ssh_session session;
	char path[PATH_MAX + 16]; /* for ssh -F; hosts are clients' names */
};

/* For root on these clients. Returns 0, or -errno after a message. ssh_config_end() follows in
 * either case. */
int ssh_config_begin(struct ssh_config *config, const struct farm_context *context,
	const struct client_selection *selection);
void ssh_config_end(struct ssh_config *config);
#define AUTO_SSH_CONFIG __attribute__((cleanup(ssh_config_end)))

/* Of those that were selected, the ones that run, which selection is afterwards. The others are
 * named in a message. Returns how many those are. */
size_t ssh_config_keep_running(struct client_selection *selection);

#endif
