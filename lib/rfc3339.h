/* Times as RFC 3339 text: UTC, whole seconds, as in 2026-01-31T12:00:00Z. */
#ifndef LIB_RFC3339_H
#define LIB_RFC3339_H

#include <stdint.h>

#define RFC3339_SIZE 32

/* Write seconds since 1970 ("@SECONDS" if that is no year) into text, and return it. */
const char *rfc3339_text(char text[static RFC3339_SIZE], int64_t seconds);

#endif
