/* os-release(5): which distribution a tree is of. No I/O. */
#ifndef FARM_MASTER_OS_RELEASE_H
#define FARM_MASTER_OS_RELEASE_H

#include <stdbool.h>
#include <stddef.h>

#define OS_RELEASE_MAX 65536 /* bytes of the file */

/* What the file does not say, or in more bytes, is "". */
struct os_release {
	char id[32], id_like[128];
	char pretty_name[128];
};

void os_release_parse(const char *text, size_t n, struct os_release *os);

/* Is it of that distribution, or does it say that it is like it? */
bool os_release_is(const struct os_release *os, const char *id);

#endif
