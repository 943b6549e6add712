/* What stands behind a keyword of a manifest's line: "NAME=VALUE NAME=VALUE …". Used by
 * manifest-line.c only. */
#ifndef LIB_MANIFEST_MANIFEST_KEYWORD_H
#define LIB_MANIFEST_MANIFEST_KEYWORD_H

#include "lib/manifest/manifest-line.h"

/*
 * Parse the keywords from text to end, which are overwritten, into lines->head or lines->entry.
 * Return the rule that is broken (static text), or NULL. *seen is for manifest_keyword_fit().
 */
const char *manifest_keyword_head(struct manifest_lines *lines, char *text, char *end);
const char *manifest_keyword_entry(
	struct manifest_lines *lines, char *text, char *end, unsigned int *seen);

/* Has the entry the keywords that its type needs, and no others? The broken rule, or NULL. */
const char *manifest_keyword_fit(const struct manifest_entry *entry, unsigned int seen);

#endif
