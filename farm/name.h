/*
 * Names of machines, and the patterns that select them. A name is a label of RFC 1123 in lower
 * case: it is a host name, a libvirt domain's name, and part of file names, so that it can hold
 * nothing that a shell, XML, a path or an option would take for something else.
 */
#ifndef FARM_NAME_H
#define FARM_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define NAME_LABEL_MAX 63 /* bytes, RFC 1123 section 2.1 */

/* The rule that a name breaks, as a static text that follows it in a sentence, or NULL. */
const char *name_check(const char *name);

/* Does a name match a pattern of fnmatch(3)? A name without special characters is one, too. */
bool name_matches(const char *pattern, const char *name);

/* Is it a pattern that can match several names? */
bool name_is_pattern(const char *text);

/*
 * The one of n names that a person who typed name most likely meant: not more than two insertions,
 * deletions, replacements or exchanges of neighbours away, and fewer than half of its letters.
 * NULL if there is none.
 */
const char *name_nearest(const char *name, const char *const *names, size_t n);

#endif
