/* nfs://SERVER[,SERVER…]/PATH[?port=N][&timeout=SECONDS]. A SERVER that is an IPv6 address is in
 * brackets. */
#ifndef AGENT_FETCH_URL_H
#define AGENT_FETCH_URL_H

#include <stddef.h>

#define NFS_URL_PREFIX  "nfs://"
#define NFS_URL_SERVERS 8
#define NFS_URL_PATH    1024 /* bytes, NUL included */

struct share_url {
	unsigned int n;
	char server[NFS_URL_SERVERS][256];
	char path[NFS_URL_PATH]; /* without the first slash */
	unsigned int port;
	unsigned int timeout; /* seconds without an answer until the next server is tried */
};

/* Returns 0, or -EINVAL and *what, static text: the rule that text breaks. */
int share_url_parse(const char *text, struct share_url *url, const char **what);

#endif
