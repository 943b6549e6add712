/* etc/xenfarm/xf-agent.conf below the root, see lib/conf.h and docs/xf-agent.conf.5. */
#ifndef AGENT_AGENT_CONFIG_H
#define AGENT_AGENT_CONFIG_H

#include <stdint.h>

#include "lib/buf.h"
#include "lib/conf.h"
#include "lib/paths.h"

#define AGENT_CONFIG_PATH       PATH_ETC "/xf-agent.conf"
#define AGENT_CONFIG_HOOK_LIMIT 300 /* seconds, if the file does not say it */

struct agent_config {
	const char *source;  /* the share; NULL: unknown */
	const char *pub;     /* its key; NULL: the usual place */
	uint32_t hook_limit; /* seconds that a hook may run */
	struct buf text;     /* of the file, which both are part of */
};

/*
 * Parse text, n bytes and room for one more, see conf_parse(). Returns 0; or -EINVAL with *error
 * set, and no setting.
 */
int agent_config_parse(char *text, size_t n, struct agent_config *config, struct conf_error *error);

/*
 * Read the file. If it names no source, that is PATH_SHARE, where a share is mounted there. Returns
 * 0, or -errno after a message.
 */
int agent_config_read(struct agent_config *config, const char *root);
void agent_config_free(struct agent_config *config);

#endif
