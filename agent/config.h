/* etc/xenfarm/xf-agent.conf below the root: key=value lines (docs/xf-agent.conf.5). */
#ifndef AGENT_CONFIG_H
#define AGENT_CONFIG_H

#include <stddef.h>

#define CONFIG_PATH      "etc/xenfarm/xf-agent.conf"
#define CONFIG_BYTES_MAX 65536
#define CONFIG_SHARE     "/mroot" /* where xf-init leaves the share */

struct config {
	char *source; /* the share; NULL: none is known */
	char *pub;    /* its key; NULL: the usual place */
};

/* Parse: no I/O. 0; -EINVAL with *line (from 1) and *what (static text) set; or -ENOMEM. */
int config_parse(
	const char *text, size_t n, struct config *config, unsigned int *line, const char **what);

/* Read the file; without one, or without a source in it, that is CONFIG_SHARE if there is a share.
 * Returns 0, or -errno after saying why. */
int config_read(struct config *config, const char *root);
void config_free(struct config *config);

#endif
