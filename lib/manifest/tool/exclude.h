/*
 * What a scan leaves out: a list of globs, one a line (xf-manifest(1), "EXCLUDES"). A parser
 * without I/O.
 */
#ifndef LIB_MANIFEST_TOOL_EXCLUDE_H
#define LIB_MANIFEST_TOOL_EXCLUDE_H

#include <stdbool.h>
#include <stddef.h>

#define EXCLUDE_BYTES_MAX (1u << 20) /* of a list */

struct exclude;

/* Returns the list, which the caller frees, or NULL without memory. */
struct exclude *exclude_parse(const char *text, size_t n);
void exclude_free(struct exclude *exclude);

/* Whether path, relative to the tree, is left out by itself; what lies below it is the scanner's
 * concern. */
bool exclude_matches(const struct exclude *exclude, const char *path, bool directory);

#endif
