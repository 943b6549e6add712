/* The lines of a manifest, one at a time: the grammar and its rules. Used by the reader and the
 * writer only. */
#ifndef LIB_MANIFEST_MANIFEST_LINE_H
#define LIB_MANIFEST_MANIFEST_LINE_H

#include "lib/manifest/manifest.h"

/* What checking the next line needs to know of those before. */
struct manifest_lines {
	unsigned long line; /* the last one checked, from 1 */
	struct manifest_head head;
	uint64_t entries; /* seen */

	/*
	 * The path before, and which of its prefixes are paths of entries. In the order of bytes
	 * all that begins with a path follows it at once, so these are the only entries that can be
	 * an ancestor of the next one.
	 */
	char path[MANIFEST_PATH_MAX + 1];
	size_t path_size;
	struct {
		uint16_t size;
		bool dir;
	} prefix[MANIFEST_PATH_MAX + 1];
	size_t prefixes;

	/* Hard-link groups, from 1: the first member (its numbers only) and how many came. */
	struct manifest_group {
		struct manifest_entry first;
		uint32_t members;
	} * group;
	size_t groups;

	/* The entry of the last line; its texts lie in that line, its attributes here. */
	struct manifest_entry entry;
	struct manifest_xattr xattr[MANIFEST_XATTRS_MAX];
};

/*
 * Check the next line, n bytes without the newline; text[n] is writeable, and the text is
 * overwritten. Returns the rule that it breaks (static text) or NULL. After an entry's line,
 * lines->entries has grown and lines->entry is it.
 */
const char *manifest_line(struct manifest_lines *lines, char *text, size_t n);

/* After the last line: the rule that the whole breaks, or NULL. */
const char *manifest_lines_end(const struct manifest_lines *lines);

void manifest_lines_free(struct manifest_lines *lines);

#endif
