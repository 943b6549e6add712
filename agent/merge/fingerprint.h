/* A digest of a path and all below it, to see later whether it was changed. */
#ifndef AGENT_MERGE_FINGERPRINT_H
#define AGENT_MERGE_FINGERPRINT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/manifest/manifest.h"

/* Names, types and contents; no times, owners or modes. */
struct fingerprint {
	uint8_t byte[32]; /* all zero: the path is absent */
};

/* Of path and what lies below it in a list. Returns 0 or -errno. */
int fingerprint_of(const struct manifest *m, const char *path, struct fingerprint *print);
bool fingerprint_same(const struct fingerprint *a, const struct fingerprint *b);
bool fingerprint_absent(const struct fingerprint *print);

#endif
