/* xenfarm.conf(5). A parser without I/O. */
#ifndef FARM_CONFIG_H
#define FARM_CONFIG_H

#include <linux/limits.h>
#include <stddef.h>

#define CONFIG_BYTES_MAX 65536 /* of the file */
#define CONFIG_KEEP_MAX  1000000u

struct config {
	char share[PATH_MAX];
	char key[PATH_MAX];
	char mkinitrd[1024]; /* options of xf-mkinitrd(8), divided by blanks */
	unsigned int keep;   /* generations that gc leaves */
};

/* What holds where the file says nothing. */
void config_defaults(struct config *config);

/*
 * Take what the text sets. Returns 0, or -EINVAL with *line (from 1) and *what (static text) set;
 * the settings before that line are taken.
 */
int config_parse(const char *text, size_t size, struct config *config, unsigned int *line,
	const char **what);

#endif
